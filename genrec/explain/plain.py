"""Words that claim nothing a catalogue could know: praise, occasions, people, shopping, the small change of English.

A describing word that is neither here, nor a value, nor in a text of the things at hand counts as a claim that nothing
supports (`genrec.explain.reader`). So the list errs by being short: what is missing costs a sentence.
"""

from __future__ import annotations

_WORDS = """
new great lovely nice perfect good fine beautiful elegant simple favourite favorite similar other further more next natural
obvious easy best better recent earlier previous past recommended suggested matching familiar additional first second
third last little small big large long short old young own whole full real true sure right wrong ideal suitable fitting
likely possible different same such very really quite rather fairly pretty just almost nearly always often usually
sometimes still already yet now today tonight tomorrow soon again ever even well much many most least less few several
all any some both either neither each every another certain various numerous excellent wonderful amazing fantastic
gorgeous stunning pleasant charming attractive handsome smart cool fun fresh special unique distinctive subtle bold
strong light gentle quiet calm clear clean bright safe solid-looking reliable dependable practical useful handy
versatile flexible comfortable comfy cosy cozy worthwhile worthy valuable affordable expensive cheap costly reasonable
fair decent generous modest humble stylish fashionable trendy modern contemporary current popular well-loved beloved
personal individual typical usual common rare unusual regular daily everyday occasional frequent repeated constant
consistent steady coherent harmonious balanced complete finished ready available welcome worth inspired interesting
exciting relevant important main key central essential major minor basic general particular specific exact precise
close near far apart together alike equal comparable related connected complementary compatible consistent open keen
fond happy glad pleased satisfied delighted proud curious aware able good-looking thoughtful considered carefully
clever sensible logical strongest direct indirect added extra spare missing final initial original early late latest
newest upcoming coming following preceding former latter top high low higher lower highest lowest deep wide narrow
piece pieces item items thing things product products one ones find finds pick picks choice choices purchase purchases
order orders garment garments clothes clothing outfit outfits wardrobe wardrobes closet closets collection collections
history histories shelf drawer basket cart taste tastes style styles taste-wise look looks feel feeling side spirit
touch way ways kind kinds sort sorts type types range part parts member companion companions addition additions match
matches partner partners option options alternative alternatives candidate candidates suggestion suggestions
recommendation recommendations idea ideas mind sense step steps bit time times day days evening evenings morning night
week weeks weekend weekends month months year years season seasons reason reasons hand hands heart eye eyes common line
lines place places point points fact facts course case cases detail details element elements note hint dose bonus set
sets row list pair pairs quality value price prices range budget money cost costs wallet deal bargain liking love
interest fondness enthusiasm preference preferences passion weakness habit habits appetite affection penchant leaning
mood vibe vibes theme themes direction family families group groups world people person customers customer shoppers
shopper buyers buyer fans fan owners owner friends friend everyone everybody anyone anybody someone somebody those
who whom whose nobody something anything everything nothing none work home office city street-side party parties
dinner holiday holidays trip trips travel walk walks date dates occasion occasions event events life lives body
shape-wise heading start beginning end middle top bottom front back centre center space room rest base basis
foundation signature character personality identity presence accent-wise twist edge flair charm appeal attention
experience experiences knowledge level levels degree amount number numbers count half majority share rating ratings
review reviews score scores evidence pattern-wise trend trends link links connection connections relation relations
relationship combination combinations contrast contrasts balance counterpart counterparts sibling siblings neighbour
neighbours complement complements extension continuation follow-up repeat repetition reminder nod tribute fit choice-wise
success statement staple staples essential essentials classic-to-be must must-have must-haves gem treat gift present
surprise secret answer question problem solution result results example examples instance version versions variant
variants model models copy copies store stores shop shops catalogue catalog page site brand-name company companies
maker makers designer designers design designs team world-class label-mate wearer wearers guest guests
it its itself you your yours yourself me my mine we us our ours them their theirs they he him his she her hers i what
when where why how there here that this these those to be been being am is are was were do does did done has have had
having will would can could should may might must shall not no yes please and or but if then than as at by for from in
into of off on onto out over per up with within without about above across after against along around because before
behind below beneath beside besides between beyond down during except like past since through throughout till toward
towards under until upon via while together ago away instead otherwise hence thus therefore however moreover also too
indeed perhaps maybe surely certainly definitely clearly simply exactly perfectly nicely easily beautifully naturally
probably possibly especially particularly mainly mostly largely partly entirely completely absolutely truly greatly
slightly somewhat roughly approximately around nearly once twice thrice never ever only merely purely
know knows knew known think thinks thought believe see sees saw seen look looking looked find finding found tell tells
told say says said mean means meant show shows showed shown notice noticed remember want wants wanted need needs needed
wish try tries tried keep keeps kept let lets take takes taking give gives giving get gets getting go goes going come
coming put make making use uses used using work works working play plays turn turns bring brings brought buying own
wearing wear combine combined combining mix mixing add adding build building style styled styling complete completing
round rounding suit suited fit fitting match matched pair paired pairing join joined share shared sharing continue
continued extend extended repeat return returned follow followed reflect reflected echo echoed recall recalls remind
reminded offer offered based picked chosen selected suggested recommended considered designed created produced sold
bought owned liked loved preferred enjoyed seem seems seemed appear appears appeared stand stands standing sit sits
sitting rest rests belong belonging happen happens change changed changes start started begin begins beginning end
ended stop stay stays stayed remain remains leave left meet meets met miss missing count counted counts speak speaks
spoken talk call called calls name named names feature featuring features include including included contain contains
contained hold holds holding carry carries carrying cover covers point points pointed lead leads led help helps helped
enough so
fashion tone tones term terms area areas atmosphere energy aesthetic aesthetics palette scheme universe territory line-up
selection assortment offering department section clothing apparel wear attire ensemble ensembles accessories accessory
layer layers basics goods gear stuff article articles silhouette-wise impression impressions image attitude approach
take interpretation spin expression statement message story stories chapter history past present future moment moments
while summer-to-be anchor bridge base start starter opener closer finisher highlight highlights focus accent accents
emphasis contrast counterpoint echo continuation thread threads streak track record journey path road pick-me-up
must-see safe bet bets gamble chance chances opportunity possibility potential benefit benefits advantage advantages
merit merits strength strengths virtue virtues quality qualities property properties attribute attributes trait traits
characteristic characteristics aspect aspects criterion criteria requirement requirements need needs demand wish wishes
expectation expectations goal goals purpose plan plans project intention agreement harmony similarity similarities
likeness resemblance overlap difference differences distinction variety variation variations change changes shift
transition switch swap replacement substitute upgrade update renewal return returns comeback debut arrival arrivals
entry entries newcomer newcomers stock supply order delivery bag-ready shopping browsing search searches query request
requests suggestion-wise advice guess prediction bet-wise conclusion hint hints clue clues sign signs signal signals
proof support supporting supported argument basis root roots origin source sources heritage-wise inspiration influence
influences impact role roles function functions position spot spots corner sphere field fields subject subjects topic
topics matter matters issue issues thought thoughts opinion view views perspective feeling-wise emotion confidence trust
comfort ease convenience pleasure joy delight excitement satisfaction happiness charm grace elegance sophistication
simplicity clarity freshness warmth softness lightness depth richness texture-wise boldness contrast-rich drama
relaxed casual formal smart-casual festive playful serious sober refined polished sophisticated understated effortless
easygoing carefree laid-back cheerful lively vibrant vivid rich subdued muted delicate feminine masculine unisex youthful
grown-up mature ageless enduring lasting long-lasting durable sturdy robust light-hearted cohesive unified coordinated
complementing coordinating matching-ish flattering eye-catching striking remarkable notable noticeable outstanding
exceptional superb brilliant marvellous splendid terrific wonderful-looking decent-looking solid-choice reliable-choice
obvious-choice sensible-choice inspired-choice strong-choice popular-choice known unknown familiar-looking unfamiliar
expected unexpected surprising surprised surprise-free evident apparent visible invisible hidden open-minded
adventurous creative artistic original-looking unusual-looking quirky offbeat edgy glamorous chic sleek crisp tidy neat
loose tight roomy-ish airy breezy warm warmer cool cooler cold hot mild soft softer heavy heavier lighter brighter darker
thick thin thicker thinner longer shorter bigger smaller larger wider narrower newer older younger cleaner simpler
richer bolder stronger closer nearer further farther better worse best worst favourite-to-be top-rated top-notch
high-quality well-made well-cut well-designed well-known well-suited well-matched year-round all-round all-rounder
hard hardly scarcely difficult tricky impossible necessary needless unnecessary optional recommended-for sought
yours-to-be friend-approved bought-together together-worn next-door everyday-ready people's partner's mother father
sister brother son daughter child children kids baby parents family-friendly couple man woman men women boy girl
he's she's that's it's there's here's what's let's we're you're they're i'm we've you've i've we'll you'll it'll
don't doesn't didn't won't wouldn't can't couldn't shouldn't isn't aren't wasn't weren't hasn't haven't hadn't
lot lots bit bits plenty tons loads heap dozen dozens hundred hundreds thousand thousands million per cent percent
percentage double triple single multiple various-coloured pure genuine authentic premium high-end luxurious exclusive proper actual sheer total utter favoured favored later sooner earliest afterwards beforehand meanwhile meantime whose whatever whichever whoever whenever wherever however
"""
PLAIN = frozenset(_WORDS.split())
