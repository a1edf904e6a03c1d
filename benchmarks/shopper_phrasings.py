"""Sentences of seven sorts of people who shop by chat, held out from every parser: by act, then by voice.

    {a} {s}        what is wanted as a noun, one of it or several: «a red coat», «red coats»
    {is} {in}      what is said, after «it is» («red and striped»), after a noun («in red, with stripes»)
    {it}           the same as a thing by itself («something red and striped», «a trench coat»)
    {bare}         the same naked («red striped»)
    {no} {not}     what is not wanted, as a thing («stripes») and after «it is» («striped»)
    {nth}          one of the shown: «the second one», «number 2», «the red one»
    {too}          what a style is too much of: «girly»
    {n} {w}        a rough bound of money, in digits and in words

`VOICES` are who speaks; «typos» writes the sentences below with slips of the fingers (`slip`). Written before a parser
for them existed and without looking at one; what is found wrong in a parser is told by act and column only, so that
they stay held out. Nothing here names a title, a series or an item's id.
"""

from __future__ import annotations

import re
from random import Random

VOICES = ("terse", "chatty", "polite", "typos", "indirect", "keywords", "foreign")

ACTS: dict[str, dict[str, tuple[str, ...]]] = {
    "open": {
        "terse": ("{a}", "{a}, please", "show me {s}", "need {a}", "{s}?"),
        "chatty": (
            "Hey! So I've been meaning to treat myself to {a}, what have you got?",
            "hi there :) I'm kind of in the mood for {a} today",
            "Ok so my sister says I absolutely need {a}, any ideas?",
            "Morning! Payday finally came around, so let's find me {a}!",
        ),
        "polite": (
            "Good afternoon, I was wondering whether you might have {a}.",
            "Hello, could you kindly show me some {s}?",
            "Excuse me, I would very much appreciate help in finding {a}.",
            "Would it be possible to see your {s}, please?",
        ),
        "typos": (
            "im looking for {a}",
            "do you have any {s}",
            "i want to buy {a} can you help",
            "hi im after {a}, got something?",
        ),
        "indirect": (
            "My old favourite fell apart last week, and I suppose the replacement should be {a}.",
            "I keep seeing people with {s} on the tram and feel I'm missing out.",
            "There's a gap in my wardrobe about the size of {a}.",
            "Yesterday a colleague turned up with {a}, and now I can't think of anything else.",
        ),
        "keywords": ("{s}", "{bare}", "buy {s}", "{s} online shop", "{bare} new"),
        "foreign": (
            "Hello, I search {a}.",
            "Please you have {s} for me?",
            "I am wanting to buy {a}, is possible?",
            "Good day, it gives here {s}?",
        ),
    },
    "further": {
        "terse": ("{bare}", "make it {is}", "and {in}", "{in}"),
        "chatty": (
            "Ooh nice start! I forgot to say, it'd be great if it was {is}",
            "hmm ok, thinking about it some more, I'd love one {in} :)",
            "These are fun, but honestly I picture {it}, you know?",
        ),
        "polite": (
            "Thank you. I should have mentioned that it ought to be {is}.",
            "That is kind of you. Might there be one {in}?",
            "Lovely. If at all possible, I would prefer it {in}.",
        ),
        "typos": ("should be {is}", "can it be {is} too", "id like it {in}", "actualy it has to be {is}"),
        "indirect": (
            "I tend to feel most like myself in {it}.",
            "The one I have in my head is {is}, I'm afraid.",
            "My mother would say anything that isn't {is} is a waste of money, and she may have a point.",
        ),
        "keywords": ("{bare}", "+ {bare}", "{bare} only", "filter: {bare}"),
        "foreign": (
            "I like that it is {is}.",
            "It must be {is}, please.",
            "For me better {in}.",
            "Have you same thing but {in}?",
        ),
    },
    "negative": {
        "terse": ("not {not}", "no {no}", "anything but {no}", "not {not} pls"),
        "chatty": (
            "haha no, {no} and me really don't get along",
            "Hmm, they're cute but I can't do {no}, I'd never wear that",
            "oh dear, so much {no}... can we skip that?",
        ),
        "polite": (
            "These are nice, though I would rather avoid {no}.",
            "I am sorry to be difficult, but preferably nothing {not}.",
            "Would you be so kind as to leave out {no}?",
        ),
        "typos": ("i dont want {no}", "pls no {no}", "dont like {no} sorry", "nothing {not} pls"),
        "indirect": (
            "My wardrobe has seen quite enough {no} for one lifetime.",
            "I once swore never to go near {no} again.",
            "{no}? That is more my neighbour's thing.",
        ),
        "keywords": ("no {no}", "-{not}", "without {no}", "exclude {no}"),
        "foreign": (
            "I don't like the {no}.",
            "Please not {not}, is not for me.",
            "It must not be {not}.",
        ),
    },
    "negative_but": {
        "terse": ("not {not}, {is}", "{bare} instead of {no}", "no {no}. {bare}", "{is}, not {not}"),
        "chatty": (
            "Hmm these are all a bit too {not} for me, I was dreaming of {it}!",
            "lol no way I'd wear {no}... {it} is much more me",
            "so close! just not {not} though, could we try {it}?",
        ),
        "polite": (
            "I would rather have {it} than {no}, if that is all right.",
            "Might I see {it} instead of {no}, please?",
            "Thank you, but not {not}; {it} would be wonderful.",
        ),
        "typos": ("i dont want {no} i want {it}", "not {not} but {is}", "can i get {it} insted of {no}"),
        "indirect": (
            "Where I see {no} I was rather imagining {it}.",
            "{no} never did me any favours, whereas {it} gets compliments.",
            "If I came home with {no} there would be laughter; {it} on the other hand...",
        ),
        "keywords": ("{bare} not {not}", "{bare} -{not}", "{bare}, no {no}"),
        "foreign": (
            "Not {not}, I search {it}.",
            "I want {it}, I want not {no}.",
            "Is possible {it} and not {no}?",
        ),
    },
    "too_styled": {
        "terse": ("too {too}", "less {too}", "not so {too}", "way too {too}"),
        "chatty": (
            "haha these are a bit too {too} for me",
            "omg cute, but can we dial it down, something less {too}?",
            "I love them on other people but on me that's just too {too}...",
        ),
        "polite": (
            "They seem rather too {too} for my taste, I am afraid.",
            "Might you have something a little less {too}?",
            "It is all very nice, only slightly too {too} for the purpose.",
        ),
        "typos": ("bit too {too} for me", "somthing less {too} pls", "these look to {too}"),
        "indirect": (
            "I'd feel as if I were wearing someone else's clothes, someone far more {too} than me.",
            "My friends would ask since when I'm so {too}.",
            "There are people who can carry off {too}; I'm not among them.",
        ),
        "keywords": ("less {too}", "not {too}", "- {too}"),
        "foreign": ("It is too much {too} for me.", "Please less {too}.", "I am not so {too} person."),
    },
    "too_dear": {
        "terse": ("too expensive", "cheaper", "cheaper please", "too pricey"),
        "chatty": (
            "ouch, my bank account is crying! anything cheaper?",
            "haha wow those prices, I'm not made of money, something more affordable maybe?",
            "Love them, but that's way more than I wanted to spend :(",
        ),
        "polite": (
            "I am afraid these are beyond my budget; might there be something less expensive?",
            "Would you have anything at a gentler price, please?",
            "Regrettably that is more than I intended to pay.",
        ),
        "typos": ("to expensive", "got somthing cheaper", "thats too much money for me"),
        "indirect": (
            "I would have to eat noodles for a month after that.",
            "My purse just snapped shut at the sight of these.",
            "For that money I could nearly fly there and have one made.",
        ),
        "keywords": ("cheaper", "low price", "more affordable", "budget"),
        "foreign": (
            "It is too much expensive for me.",
            "You have it more cheap?",
            "The price is too high, please lower.",
        ),
    },
    "budget": {
        "terse": ("under {n}", "max {n}", "{n} max", "budget {n}", "up to {n}"),
        "chatty": (
            "oh and I should say I've only got like {n} to spend",
            "my limit is {n} bucks, otherwise my husband will kill me haha",
            "I'd love to stay under {n} if we can!",
        ),
        "polite": (
            "My budget would be {n} euros at the most.",
            "I would prefer not to spend more than {n}, if you please.",
            "Could we keep it below {w} pounds?",
        ),
        "typos": ("i can spend {n} max", "not more then {n} pls", "my buget is {n}", "has to be under {n}"),
        "indirect": (
            "Grandma gave me {n} for my birthday, and that's what there is.",
            "Anything past {w} and I start feeling guilty.",
            "I have {n} in my pocket and no intention of visiting the cash machine.",
        ),
        "keywords": ("<{n}", "under {n}", "price max {n}", "{n} or less"),
        "foreign": ("I can pay maximum {n}.", "It must cost under {n} euro.", "I have only {n} euro."),
    },
    "nearer": {
        "terse": ("{nth} but {in}", "like {nth}, {in}", "{nth}, just {in}", "more like {nth} but {in}"),
        "chatty": (
            "Ooh {nth} is almost it! Do you have it {in}?",
            "ok I'm loving {nth}, if only it came {in}!",
            "{nth} is really cute, could we do something like that but {in}?",
        ),
        "polite": (
            "{nth} comes very close. Would something similar {in} exist?",
            "I rather like {nth}; may I see such a thing {in}?",
            "Could you find me one resembling {nth}, but {in}, please?",
        ),
        "typos": ("i like {nth} but {in}", "somthing like {nth} only {in}", "{nth} is nice but can i get it {in}"),
        "indirect": (
            "If {nth} had a sibling {in}, I'd adopt it on the spot.",
            "{nth} made me look twice. In my head it is {is}, though.",
            "Someone should make {nth} {in}; I'd be first in line.",
        ),
        "keywords": ("{nth} {in}", "similar to {nth} {in}", "{nth} but {bare}"),
        "foreign": ("Same as {nth} but {in}.", "{nth} is good, you have it {in}?", "I like {nth}, only {in} please."),
    },
    "nearer_cheaper": {
        "terse": ("{nth} but cheaper", "like {nth}, cheaper", "cheaper version of {nth}"),
        "chatty": (
            "{nth} is gorgeous but ouch, the price! something like it for less?",
            "I'd totally take {nth} if it didn't cost that much, any cheaper cousins?",
            "ok {nth} is it, just for people with less money haha",
        ),
        "polite": (
            "{nth} is charming; would something of the kind exist at a lower price?",
            "I like {nth} very much, though I had hoped to pay less.",
        ),
        "typos": ("i like {nth} but its too expensive", "somthing like {nth} but cheaper pls"),
        "indirect": (
            "{nth} and I could be very happy, if only it weren't for the price tag.",
            "I'd need {nth} on a diet, price-wise.",
        ),
        "keywords": ("{nth} cheaper", "similar to {nth} lower price"),
        "foreign": ("Like {nth} but more cheap.", "{nth} is good but too expensive for me."),
    },
    "like": {
        "terse": ("more like {nth}", "like {nth}", "similar to {nth}", "{nth}. more of those"),
        "chatty": (
            "oh {nth} is soooo close, got any more in that direction?",
            "I really like {nth}! what else is like that?",
            "yesss {nth}, more of that vibe please!",
        ),
        "polite": (
            "{nth} appeals to me most; may I see others of that kind?",
            "Would you have more in the manner of {nth}?",
        ),
        "typos": ("i like {nth} show me more like it", "{nth} is nice, simmilar ones?"),
        "indirect": ("{nth} gets quite near to what I see before me.", "With {nth} my heart beat a little faster."),
        "keywords": ("similar to {nth}", "more like {nth}"),
        "foreign": ("I like {nth}, please show more as this.", "{nth} is near of what I search."),
    },
    "answer": {
        "terse": ("{bare}", "{is}", "{bare}, please"),
        "chatty": ("good question! {is} I'd say", "ooh, definitely {is}!", "hmm let me think... {is} :)"),
        "polite": (
            "{it} would be ideal, thank you.",
            "I would prefer {it}, please.",
            "Preferably {is}, if you have it.",
        ),
        "typos": ("{bare} pls", "id say {is}", "{is} i think"),
        "indirect": (
            "It always ends up being {is} with me.",
            "People who know me would say {is}.",
            "Oh, {is}, if I am honest.",
        ),
        "keywords": ("{bare}", "{bare} yes", "= {bare}"),
        "foreign": ("{is}, please.", "For me {is}.", "I want it {is}."),
    },
    "indifferent": {
        "terse": ("don't care", "any", "doesn't matter", "whatever"),
        "chatty": ("oh I really don't mind!", "haha surprise me", "honestly I'm easy, anything goes there"),
        "polite": (
            "I have no particular preference, thank you.",
            "That is not important to me.",
            "I leave that to you.",
        ),
        "typos": ("dont mind", "doesnt matter realy", "no preferance"),
        "indirect": (
            "I've never lost any sleep over that.",
            "That's for others to worry about.",
            "Is that something one has an opinion on?",
        ),
        "keywords": ("any", "no preference", "all"),
        "foreign": ("Is for me the same.", "It is not important for me.", "All is good."),
    },
    "repeat": {
        "terse": ("I said {is}", "{bare}!", "again: {bare}", "{is}, I said"),
        "chatty": (
            "hmm I think you missed that I wanted {it}?",
            "lol these aren't it, remember, {is}!",
            "haha nooo, {it} is what I was after!",
        ),
        "polite": (
            "Perhaps I was unclear: I was hoping for {it}.",
            "Forgive me for repeating myself, but it should be {is}.",
            "As I mentioned, {it} is what I had in mind.",
        ),
        "typos": ("but i said {is}", "no i meen {is}", "thats not {is}"),
        "indirect": (
            "I could have sworn I asked for {it}.",
            "None of these strike me as {is}, oddly.",
            "I wonder where my wish for {it} got lost on the way.",
        ),
        "keywords": ("{bare}", "{bare} !!", "only {bare}"),
        "foreign": ("I have said {is}.", "But I want {it}, please.", "This is not {is}."),
    },
    "vague": {
        "terse": ("none of these", "others?", "next", "more", "nope"),
        "chatty": (
            "hmm nah, not feeling any of these, what else?",
            "meh... keep them coming!",
            "they're okay I guess? show me others",
        ),
        "polite": (
            "Thank you, but none of these quite convinces me. May I see others?",
            "Could you show me some different ones, please?",
            "I am afraid it is not among them yet.",
        ),
        "typos": ("dont like these", "show me diferent ones", "somthing else pls"),
        "indirect": (
            "I think we haven't been introduced yet, the right one and I.",
            "Hm. My heart isn't beating any faster.",
            "I'd scroll on, to be honest.",
        ),
        "keywords": ("more results", "next page", "other"),
        "foreign": ("I don't like these, please others.", "You have still more?", "It is not the right."),
    },
    "correction": {
        "terse": ("sorry, {is}, not {not}", "not {not}, meant {is}", "wait: {is}", "scratch {not}. {is}"),
        "chatty": (
            "oops my bad, I said {not} but I totally meant {is}!",
            "wait wait, brain fog, not {not}, I meant {is} haha",
            "hmm on second thought forget {no}, {it} is what I want",
        ),
        "polite": (
            "My apologies, I said {not} when I meant {is}.",
            "Forgive me, I misspoke: {is} rather than {not}.",
            "On reflection I would withdraw {no} and ask for {it}.",
        ),
        "typos": ("sry i ment {is} not {not}", "oh no not {not}, {is}", "i said {not} but its {is}"),
        "indirect": (
            "Seeing it before me, {no} was a mistake; {it} is what I had in mind.",
            "What possessed me to say {not}? It was {is} all along.",
        ),
        "keywords": ("{bare} not {not}", "correction: {bare}", "{bare} instead of {no}"),
        "foreign": ("Sorry, I have said {not}, but I mean {is}.", "I did error: not {not}, is {is}."),
    },
}

ORDINALS = (
    ("the first one", "number 1", "the 1st", "no. 1", "#1", "the first"),
    ("the second one", "number 2", "the 2nd", "no. 2", "#2", "the second"),
    ("the third one", "number 3", "the 3rd", "no. 3", "#3", "the middle one"),
    ("the fourth one", "number 4", "the 4th", "no. 4", "#4", "the one before the last"),
    ("the fifth one", "number 5", "the 5th", "no. 5", "#5", "the last one"),
)
NEIGHBOURS = dict(zip("qwertyuiopasdfghjklzxcvbn", "wertyuioplsdfghjklkxcvbnm", strict=True))
"""The key beside a key."""


def slip(text: str, random: Random, share: float = 0.12) -> str:
    """`text` as quick fingers write it: `share` of the words of five letters or more have one letter wrong.

    Two letters change places, one is left out, doubled or is the key beside it; never the first. No capitals.
    """

    def spoiled(match: re.Match[str]) -> str:
        word = match[0]
        if random.random() >= share:
            return word
        at = random.randrange(1, len(word) - 1)
        kind = random.randrange(4)
        if kind == 0:
            return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        if kind == 1:
            return word[:at] + word[at + 1 :]
        if kind == 2:
            return word[:at] + word[at] + word[at:]
        return word[:at] + NEIGHBOURS.get(word[at], word[at]) + word[at + 1 :]

    return re.sub(r"[a-z]{5,}", spoiled, text.lower())
