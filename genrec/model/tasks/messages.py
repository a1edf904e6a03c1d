"""What shoppers say, for the task «hearing»: frames by what they do to the wishes. English, whatever is for sale.

{wish}: a thing with its values. {x}, {y}: values. {col}: a column's name. {n}, {low}, {high}: amounts. {one}, {two}:
things shown. {count}: a number of items. {word}: what no column says.
"""

from __future__ import annotations

PRICES = ("price", "cost", "price_eur", "price_usd", "unit_price")
"""What columns of prices are called: amounts of which nothing else is said are of these."""

WISHES = (
    "{wish}", "{wish} please", "a {wish}", "some {wish}", "any {wish}", "need {wish}", "want {wish}", "a nice {wish}",
    "I want a {wish}", "I'm after a {wish}", "I need a {wish} for a trip", "show me {wish}", "find me a {wish}",
    "looking for a {wish}", "do you have a {wish}?", "do you carry {wish}?", "could I see {wish}?",
    "{wish}, anything?", "my wife would like a {wish}", "my son needs {wish}", "let's look at {wish}",
    "I fancy a {wish}", "got {wish}?", "what {wish} would you recommend?", "recommend me a {wish}",
    "I was thinking of a {wish}", "maybe a {wish}", "can you find {wish}", "we are looking for {wish} today",
    "it has to be {wish}", "ideally {wish}", "{wish}!", "something like {wish}", "I would love {wish}",
    "where is your {wish}?", "help me choose a {wish}", "buy {wish}", "is there a {wish}?", "are there {wish}?",
    "time for a new {wish}", "I lost my {wish} and need another", "I have a party on Friday and no {wish}",
    "are you able to get me a {wish}", "suggest {wish}", "{wish} wanted", "please pick a {wish} for me",
    "the plan is {wish}", "I only wear {wish}", "I keep looking for {wish}",
)  # fmt: skip
PLAIN = (
    "recommend something", "what do you recommend?", "surprise me", "any ideas?", "show me something",
    "what would suit me?", "I don't know what I want", "suggest something for me",
)  # fmt: skip
EITHER = (
    "{x} or {y}", "{x} or maybe {y}", "either {x} or {y}", "{x} / {y}", "{x} and {y} are both fine",
    "{x}, or {y} if there is none", "in {x} or {y}", "{x} or else {y}",
)  # fmt: skip
UNWANTED = (
    "not {x}", "but not {x}", "no {x}", "no {x} please", "without {x}", "never {x}", "anything except {x}",
    "except {x}", "I hate {x}", "I don't like {x}", "I can't stand {x}", "not in {x}", "{x} is out", "nothing {x}",
    "nothing in {x}", "{x} is not for me", "leave out {x}", "please avoid {x}", "I don't want {x}", "other than {x}",
    "excluding {x}", "just no {x}", "I am allergic to {x}", "I have enough {x}", "skip {x}", "tired of {x}", "non {x}",
    "that is not {x}", "which isn't {x}", "I never wear {x}", "{x} doesn't suit me", "less {x}", "not from {x}",
    "no more {x}", "get rid of {x}", "hide everything {x}", "{x} is ugly", "{x} won't do", "by no means {x}",
    "{x} is the one thing I don't need", "I refuse to buy {x}", "I'm done with {x}", "stop showing {x}",
)  # fmt: skip
UNWANTED_TWO = (
    "neither {x} nor {y}", "not {x} or {y}", "without {x} and {y}", "nothing {x} or {y}", "I like neither {x} nor {y}",
    "{x} and {y} are out",
)  # fmt: skip

UPPER = (
    "up to {n}", "at most {n}", "max {n}", "maximum {n}", "no more than {n}", "my budget is {n}", "budget {n}",
    "{n} or less", "within {n}", "I can spend {n}", "not over {n}", "for {n} at the most", "{n} max",
    "I have {n} to spend", "I won't pay more than {n}", "with a limit of {n}", "it may cost {n}", "<= {n}",
    "don't go over {n}", "{n} is the most I can pay", "I only have {n}", "capped at {n}", "not above {n}",
)  # fmt: skip
BELOW = (
    "under {n}", "below {n}", "less than {n}", "cheaper than {n}", "for under {n}", "< {n}", "costing less than {n}",
    "it should be below {n}", "priced under {n}", "lower than {n}", "anything under {n}",
)  # fmt: skip
LOWER = (
    "at least {n}", "from {n}", "{n} or more", "starting at {n}", "no less than {n}", "{n} and up", "minimum {n}",
    "not under {n}", ">= {n}", "nothing below {n}", "nothing under {n}", "from {n} upwards",
)  # fmt: skip
ABOVE = (
    "over {n}", "above {n}", "more than {n}", "for more than {n}", "> {n}", "higher than {n}",
    "it should cost over {n}", "more expensive than {n}",
)  # fmt: skip
ABOUT = (
    "around {n}", "about {n}", "roughly {n}", "approximately {n}", "{n} or so", "near {n}", "close to {n}",
    "something like {n}",
)  # fmt: skip
BETWEEN = (
    "between {low} and {high}", "{low} to {high}", "from {low} to {high}", "{low}-{high}", "{low} - {high}",
    "in the range {low} to {high}", "over {low} but under {high}", "at least {low} and at most {high}",
    "somewhere between {low} and {high}", "no less than {low}, no more than {high}",
)  # fmt: skip
NEW_LIMIT = (
    "I could pay {n}", "my limit is {n} now", "let's say {n} at most", "change the budget to {n}", "make that {n} max",
    "up to {n} is fine too", "set the maximum to {n}", "{n} is OK as well",
)  # fmt: skip
MEASURES: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "price": (("{n}", "{n}", "{n} euros", "€{n}", "${n}", "{n} dollars", "{n} bucks", "{n} €"),
              ("cheaper", "less expensive", "lower priced", "more affordable", "less pricey", "less costly",
               "thriftier"),
              ("more expensive", "pricier", "higher priced", "more luxurious", "less cheap", "costlier")),
    "weight": (("{n} kg", "{n} kilos"), ("lighter",), ("heavier",)),
    "pages": (("{n} pages",), ("shorter", "thinner"), ("longer", "thicker")),
    "minutes": (("{n} minutes", "{n} min"), ("shorter",), ("longer",)),
    "year": (("{n}",), ("older", "earlier"), ("newer", "more recent")),
    "rating": (("{n} stars", "{n}"), ("worse rated",), ("better rated", "higher rated")),
    "size": (("{n} cm", "{n}"), ("smaller",), ("bigger", "larger")),
}  # fmt: skip
"""By a part of a column's name: how amounts of it are said; words for less of it, for more of it."""
COMPARED = (
    "{c}", "{c} please", "something {c}", "anything {c}?", "have you got something {c}?", "it should be {c}",
    "I'd like it {c}", "could it be {c}?", "show me {c} ones", "can we go {c}?", "a {c} one", "{c}, if possible",
    "that's not {c} enough", "make it {c}", "are there {c} ones?", "do these come {c}?",
)  # fmt: skip
TOO_MUCH = (
    "too expensive", "that's too much money", "I can't afford that", "these cost too much", "too pricey for me",
    "way over what I can pay", "that is a lot of money", "the price is too high", "a smaller price, please",
    "is there a cheap alternative?", "ouch, these prices", "can you go lower?", "that hurts my bank account",
)  # fmt: skip
TOO_LITTLE = (
    "too cheap", "these look cheap, go up a bit", "price is no problem, go higher", "I can pay more than that",
    "something more exclusive", "money is not an issue, better ones", "treat me to the luxury ones",
)  # fmt: skip
LOW = ("cheap", "inexpensive", "affordable", "on a budget", "for little money", "that costs little")
LOWEST = ("the cheapest", "the least expensive", "at the lowest price")
HIGH = ("expensive", "luxurious", "high-end", "premium")
HIGHEST = ("the most expensive", "the priciest", "at the highest price")
LITTLE, FAR = ("a bit", "a little", "slightly", "somewhat", "a tad"), ("much", "a lot", "far", "way", "considerably")

CHANGED = (
    "{x}", "{x} please", "in {x}", "{x} instead", "make it {x}", "rather {x}", "I'd prefer {x}", "{x} would be better",
    "only {x}", "just {x}", "how about {x}?", "what about {x}?", "and {x}?", "the same in {x}", "I meant {x}", "{x}!",
    "do they come in {x}?", "let's try {x}", "it should be {x}", "hmm, {x}?", "switch to {x}", "OK but {x}", "now {x}",
    "more {x}", "{x} ones", "show me the {x} ones", "can I have that in {x}?", "if only it were {x}",
    "change it to {x}", "sorry, {x} I mean", "with {x}", "{x} suits me better", "no, {x}", "something {x}",
    "I'd go for {x}", "keep it {x}", "must be {x}", "turn it {x}", "actually {x}", "we want {x} now",
    "replace it with {x}",
)  # fmt: skip
ALSO = (
    "or {x}", "also {x}", "{x} too", "{x} is fine too", "or maybe {x}", "{x} as well", "include {x}", "and also {x}",
    "{x} would work too", "add {x}", "plus {x}", "I'd take {x} as well", "{x} is OK, too", "I accept {x} too",
)  # fmt: skip
KEEP = (
    "{x} instead, the rest stays", "the same but {x}", "rather a {x}, all else as before", "now {x}, same wishes",
    "and now {x}, keep the rest", "{x}, with the same details", "turn it into {x}, otherwise the same",
)  # fmt: skip
FORGET = (
    "any {col}", "forget the {col}", "the {col} doesn't matter", "I don't care about the {col}",
    "never mind the {col}", "ignore the {col}", "whatever {col}", "{col} is not important", "all {col}s are fine",
    "no preference for the {col}", "I'm open on {col}", "the {col} can be anything", "drop the {col}",
    "remove the {col} filter", "any {col} will do", "I changed my mind about the {col}", "don't mind the {col}",
    "the {col} is up to you", "cancel the {col}", "not so strict on the {col}",
    "the {col} isn't that important after all", "leave the {col} open",
)  # fmt: skip
UNSURE = (
    "any", "I don't care", "whatever", "no idea", "doesn't matter", "don't mind", "you decide", "no preference",
    "all of them are fine", "surprise me", "I have no idea", "hard to say", "not important", "either",
)  # fmt: skip
ANEW = (
    "start over", "start again", "let's begin again", "new search", "forget everything", "reset", "from scratch",
    "clear all of it", "something completely different", "scrap all that and start anew", "back to the beginning",
    "delete everything I said",
)  # fmt: skip
OTHERS = (
    "more", "show me more", "others", "other ones please", "what else do you have?", "anything else?", "more please",
    "next", "none of these", "show different ones", "more options", "any other ideas?", "a few others", "go on",
    "continue", "not convinced, what else?", "another page", "is that all?", "other suggestions?",
    "I have seen these already", "new ones please",
)  # fmt: skip
COUNT = (
    "show me {count}", "give me {count}", "just {count}", "{count} please", "I want to see {count}",
    "only {count} of them", "list {count}", "{count} ideas", "{count} suggestions please",
)  # fmt: skip
COUNT_OTHERS = (
    "{count} more", "show me {count} more", "{count} others", "{count} other ones", "another {count}",
    "give me {count} different ones",
)  # fmt: skip
COUNT_WISH = (
    "{count} {wish}", "show me {count} {wish}", "find {count} {wish}", "I need {count} {wish} to choose from",
    "list {count} options for {wish}", "your {count} best {wish}",
)  # fmt: skip

LIKE = (
    "like {one}", "more like {one}", "similar to {one}", "I like {one}", "{one} is nice", "I love {one}",
    "something like {one}", "{one} is great, more of that", "{one} is close", "{one} goes in the right direction",
    "show me things like {one}", "what is similar to {one}?", "in the style of {one}", "others like {one}",
)  # fmt: skip
PRAISE = (
    "{one} is perfect", "I like {one}", "I love {one}", "{one} is great", "{one} looks good", "nice, {one}",
    "{one} please", "{one} is my favourite", "thumbs up for {one}", "good, {one} it is", "{one} wins",
)  # fmt: skip
BLAME = (
    "I don't like {one}", "not {one}", "{one} is ugly", "I hate {one}", "{one} is not for me", "no, not {one}",
    "{one} is awful", "thumbs down for {one}", "{one} is boring", "don't show me {one} again", "{one} isn't my style",
    "never show {one} again", "{one} looks terrible", "{one}? no way", "{one} is not my taste", "remove {one}",
    "bad: {one}",
)  # fmt: skip
BOTH = (
    "I like {one} but not {two}", "{one} is nice, {two} isn't", "more like {one}, not like {two}",
    "{one} is better than {two}", "love {one}, hate {two}", "rather {one} than {two}", "good: {one}, bad: {two}",
)  # fmt: skip
TURNED = (
    "no to {one}, but I like {two}", "not {one} but {two}", "I don't like {one}, {two} is better",
    "{one} is awful, {two} is nice",
)  # fmt: skip
SAME = (
    "the same {col} as {one}", "same {col} as {one}", "with the {col} of {one}", "I like the {col} of {one}",
    "in the {col} of {one}", "the {col} should be as in {one}", "keep the {col} of {one}", "{col} like {one}",
)  # fmt: skip
OTHER = (
    "another {col} than {one}", "not the {col} of {one}", "I don't like the {col} of {one}",
    "a different {col} than {one}", "the {col} of {one} is ugly", "{one} has the wrong {col}",
)  # fmt: skip
SAME_IT = ("I like that {col}", "the same {col}", "that {col} is nice", "keep this {col}", "again this {col}")
OTHER_IT = (
    "another {col}", "a different {col}", "not that {col}", "I don't like that {col}", "wrong {col}",
    "some other {col} please", "change the {col}",
)  # fmt: skip

EXPLAIN = (
    "why {one}?", "why did you suggest {one}?", "explain {one}", "what's the reason for {one}?", "how come {one}?",
    "why do you think I'd like {one}?", "what makes {one} right for me?", "tell me why you chose {one}",
    "reason for {one}?", "why am I seeing {one}?", "justify {one}", "why would {one} suit me?",
    "on what grounds {one}?", "how did you come up with {one}?",
)  # fmt: skip
EXPLAIN_ALL = (
    "why?", "explain", "why do you recommend these?", "how did you find these?", "what's your reasoning?",
    "why did you choose them?", "explain yourself", "reasons?",
)  # fmt: skip
COMPARE = (
    "compare {one} and {two}", "compare {one} with {two}", "{one} or {two}?", "{one} vs {two}",
    "what's the difference between {one} and {two}?", "is {one} better than {two}?",
    "how does {one} differ from {two}?", "which is better, {one} or {two}?", "{one} against {two}?",
    "should I take {one} or {two}?", "{one} versus {two}, please", "what do {one} and {two} have in common?",
    "tell {one} and {two} apart",
)  # fmt: skip
COMPARE_ALL = (
    "compare them", "compare these", "what's the difference?", "how do they differ?", "which one is the best?",
)  # fmt: skip
ASK = (
    "what {col} is {one}?", "what is the {col} of {one}?", "which {col} does {one} have?", "{one}: {col}?",
    "tell me the {col} of {one}", "what about the {col} of {one}?", "does it say which {col} {one} is?",
    "and the {col} of {one}?", "I'd like to know the {col} of {one}", "do you know the {col} of {one}?",
)  # fmt: skip
ASK_PRICE = (
    "how much is {one}?", "what does {one} cost?", "how expensive is {one}?", "how much do I pay for {one}?",
    "what do you charge for {one}?", "what's the price of {one}?",
)  # fmt: skip
ASK_MADE = ("what is {one} made of?", "which stuff is {one}?", "what's {one} made from?")
"""Of a column of materials."""
ASK_WHO = ("who makes {one}?", "who made {one}?", "what label is {one}?")
"""Of a column of brands."""
ASK_IS = (
    "is {one} {x}?", "is {one} really {x}?", "does {one} come in {x}?", "would you say {one} is {x}?", "{one} is {x}?",
    "is {one} made of {x}?", "is {one} from {x}?", "is {one} for {x}?", "does {one} have {x}?", "isn't {one} {x}?",
)  # fmt: skip
SMALLTALK = (
    "hello", "hi", "hi there", "good morning", "hey, how are you?", "thanks", "thank you very much", "great, thanks!",
    "bye", "see you", "goodbye", "who are you?", "what can you do?", "nice weather today", "are you a robot?", "ok",
    "you are helpful", "haha", "good evening", "thanks, that's all", "how does this work?", "cool",
    "perfect, thank you", "have a nice day", "what's your name?", "how is it going?", "much obliged",
    "lovely talking to you", "that was quick", "you rock", "can I talk to a human?", "tell me a joke", "good night",
    "that's everything, thanks",
)  # fmt: skip
WORDS = (
    "with {word}", "something with {word}", "for {word}", "about {word}", "anything with {word}?", "it says {word}",
    "with a bit of {word}", "things for {word}", "the description mentions {word}", "{word} something",
    "I want {word}", "look for {word}", "search {word}",
)  # fmt: skip
FIRST_WORDS = (
    "Hi,", "Hello!", "hey,", "hmm,", "ok,", "well,", "so,", "and", "oh,", "please,", "sorry,", "right,", "yes,",
)  # fmt: skip
LAST_WORDS = (
    "please", "thanks", "if possible", "for my sister", "if you have it", "ok?", "for the weekend", "I think",
    "for a friend's birthday", "and that's all", "you know", "today", "this time",
)  # fmt: skip
TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
DIGITS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
PLACE = (
    "the {o}", "the {o} one", "the {o}", "number {d}", "#{d}", "no. {d}", "the {o} item", "option {d}",
    "your {o} suggestion", "item {d}", "that {o} one", "the {o} thing",
)  # fmt: skip
IT = ("it", "this", "that one", "this one", "that")
LAST = ("the last one", "the last", "the bottom one", "the final one")
ALL = ("these", "those", "them", "all of them", "all of these", "everything there")
