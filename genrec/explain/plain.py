"""Words that claim nothing a catalogue could know: praise, occasions, people, shopping, the small change of English.

A describing word that is neither here, nor a value, nor in a text of the things at hand counts as a claim that nothing
supports (`genrec.explain.reader`). So the list listed filed listed filed errs by being short: what is missing
costs a sentence.
"""

from __future__ import annotations

_WORDS = """
able about above absolutely accent accents accessories accessory across actual add added adding addition additional
additions advantage advantages adventurous advice aesthetic aesthetics affection affordable after afterwards again
against ageless ago agreement airy alike all almost along already also alternative alternatives always am amazing
amount anchor and another answer any anybody anyone anything apart apparel apparent appeal appear appeared appears
appetite approach approximately are area areas aren't argument around arrival arrivals article articles artistic as
aspect aspects assortment at atmosphere attention attire attitude attractive attribute attributes authentic available
aware away baby back balance balanced bargain base based basic basics basis basket be beautiful beautifully because
been before beforehand begin beginning begins behind being believe belong belonging beloved below beneath benefit
benefits beside besides best bet bets better between beyond big bigger bit bits body bold bolder boldness bonus both
bottom bought boy breezy bridge bright brighter brilliant bring brings brother brought browsing budget build building
but buyer buyers buying by call called calls calm can can't candidate candidates carefree carefully carries carry
carrying cart case cases casual catalog catalogue catching cent center central centre certain certainly chance chances
change changed changes chapter character characteristic characteristics charm charming cheap cheerful chic child
children choice choices chosen city clarity clean cleaner clear clearly clever close closer closet closets clothes
clothing clue clues coherent cohesive cold collection collections combination combinations combine combined combining
come comeback comfort comfortable comfy coming common companies companion companions company comparable compatible
complement complementary complementing complements complete completely completing conclusion confidence connected
connection connections considered consistent constant contain contained contains contemporary continuation continue
continued contrast contrasts convenience cool cooler coordinated coordinating copies copy corner cost costly costs
cosy could couldn't count counted counterpart counterparts counterpoint counts couple course cover covers cozy created
creative crisp criteria criterion curious current customer customers daily darker date dates daughter day days deal
debut decent deep definitely degree delicate delight delighted delivery demand department dependable depth design
designed designer designers designs detail details did didn't difference differences different difficult dinner direct
direction distinction distinctive do does doesn't don't done dose double down dozen dozens drama drawer durable during
each earlier earliest early ease easily easy easygoing echo echoed edge edgy effortless either elegance elegant
element elements else emotion emphasis end ended enduring energy enjoyed enough ensemble ensembles enthusiasm entirely
entries entry equal especially essential essentials even evening evenings event events ever every everybody everyday
everyone everything evidence evident exact exactly example examples excellent except exceptional excitement exciting
exclusive expectation expectations expected expensive experience experiences expression extend extended extension
extra eye eyes fact facts fair fairly familiar families family fan fans fantastic far farther fashion fashionable
father favored favorite favoured favourite feature features featuring feel feeling feminine festive few field fields
filed final find finding finds fine finished finisher first fit fitting flair flattering flexible focus follow
followed following fond fondness for formal former found foundation frequent fresh freshness friend friends from front
full fun function functions further future gamble garment garments gear gem general generous gentle genuine get gets
getting gift girl give gives giving glad glamorous go goal goals goes going good goods gorgeous grace great greatly
group groups guess guest guests habit habits had hadn't half hand hands handsome handy happen happens happiness happy
hard hardly harmonious harmony has hasn't have haven't haves having he he's heading heap heart heavier heavy help
helped helps hence her here here's hers hidden high higher highest highlight highlights him hint hints his histories
history hold holding holds holiday holidays home hot how however humble hundred hundreds i i'm i've idea ideal ideas
identity if image impact important impossible impression impressions in include included including indeed indirect
individual influence influences initial inspiration inspired instance instead intention interest interesting
interpretation into invisible is isn't issue issues it it'll it's item items its itself join joined journey joy just
keen keep keeps kept key kids kind kinds knew know knowledge known knows large largely larger last lasting late later
latest latter layer layers lead leads leaning least leave led left less let let's lets level levels life light lighter
lightness like liked likely likeness liking line lines link links list listed little lively lives loads logical long
longer look looked looking looks loose lot lots love loved lovely low lower lowest luxurious made main mainly major
majority make maker makers making man many marvellous masculine match matched matches matching matter matters mature
may maybe me mean means meant meantime meanwhile meet meets member men merely merit merits message met middle might
mild million mind mine minor miss missing mix mixing model models modern modest moment moments money month months mood
more moreover morning most mostly mother much multiple must muted my name named names narrow narrower natural
naturally near nearer nearly neat necessary need needed needless needs neighbour neighbours neither never new newcomer
newcomers newer newest next nice nicely night no nobody nod none not notable note nothing notice noticeable noticed
now number numbers numerous obvious occasion occasional occasions of off offbeat offer offered offering office often
old older on once one ones only onto open opener opinion opportunity option optional options or order orders origin
original other otherwise our ours out outfit outfits outstanding over overlap own owned owner owners page pair paired
pairing pairs palette parents part particular particularly parties partly partner partner's partners parts party
passion past path penchant people people's per percent percentage perfect perfectly perhaps person personal
personality perspective pick picked picks piece pieces place places plan plans play playful plays pleasant please
pleased pleasure plenty point pointed points polished popular position possibility possible possibly potential
practical preceding precise prediction preference preferences preferred premium presence present pretty previous price
prices probably problem produced product products project proof proper properties property proud purchase purchases
pure purely purpose put qualities quality query question quiet quirky quite range rare rather rating ratings ready
real really reason reasonable reasons recall recalls recent recommendation recommendations recommended record refined
reflect reflected regular related relation relations relationship relaxed relevant reliable remain remains remarkable
remember remind reminded reminder renewal repeat repeated repetition replacement request requests requirement
requirements resemblance rest rests result results return returned returns review reviews rich richer richness right
road robust role roles room root roots roughly round rounding row safe said same satisfaction satisfied saw say says
scarcely scheme score scores search searches season seasons second secret section see seem seemed seems seen sees
selected selection sense sensible serious set sets several shall share shared sharing she she's sheer shelf shift shop
shopper shoppers shopping shops short shorter should shouldn't show showed shown shows sibling siblings side sign
signal signals signature signs similar similarities similarity simple simpler simplicity simply since single sister
sit site sits sitting sleek slightly small smaller smart so sober soft softer softness sold solution some somebody
someone something sometimes somewhat son soon sooner sophisticated sophistication sort sorts sought source sources
space spare speak speaks special specific sphere spin spirit splendid spoken spot spots stand standing stands staple
staples start started starter statement stay stayed stays steady step steps still stock stop store stores stories
story streak strength strengths striking strong stronger strongest stuff stunning sturdy style styled styles styling
stylish subdued subject subjects substitute subtle success such suggested suggestion suggestions suit suitable suited
superb supply support supported supporting sure surely surprise surprised surprising swap switch take takes taking
talk taste tastes team tell tells term terms terrific territory than that that's their theirs them theme themes then
there there's therefore these they they're thick thicker thin thing things think thinks thinner third this those
thought thoughtful thoughts thousand thousands thread threads thrice through throughout thus tidy tight till time
times to today together told tomorrow tone tones tonight tons too top topic topics total touch toward towards track
trait traits transition travel treat trend trends trendy tribute tricky tried tries trip triple trips true truly trust
try turn turns twice twist type types typical under understated unexpected unfamiliar unified unique unisex universe
unknown unnecessary until unusual up upcoming update upgrade upon us use used useful uses using usual usually utter
valuable value variant variants variation variations variety various versatile version versions very via vibe vibes
vibrant view views virtue virtues visible vivid walk walks wallet want wanted wants wardrobe wardrobes warm warmer
warmth was wasn't way ways we we'll we're we've weakness wear wearer wearers wearing week weekend weekends weeks
welcome well were weren't what what's whatever when whenever where wherever whichever while who whoever whole whom
whose why wide wider will wish wishes with within without woman women won't wonderful work working works world worse
worst worth worthwhile worthy would wouldn't wrong year years yes yet you you'll you're you've young younger your
yours yourself youthful
"""
PLAIN = frozenset(_WORDS.split())
