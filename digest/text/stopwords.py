"""Words that carry no subject matter, language by language: function words and little else."""

from __future__ import annotations

STOP_WORDS: dict[str, frozenset[str]] = {
    "en": frozenset(
        "a about above after again against all also am an and any are as at be because been before being below "
        "between both but by can could did do does doing down during each few for from further had has have "
        "having he her here hers herself him himself his how i if in into is it its itself just may me might more "
        "most must my myself no nor not now of off on once one only or other our ours ourselves out over own said "
        "same say says she should so some such than that the their theirs them themselves then there these they "
        "this those through to told too under until up us very was we were what when where which while who whom "
        "why will with would you your yours it's he's she's that's i'm they're we're don't didn't can't won't "
        "isn't wasn't".split()
    ),
    "de": frozenset(
        "aber als am an auch auf aus bei bin bis das dass dem den der des die dies diese dieser du durch ein eine "
        "einem einen einer eines er es für hat haben hatte ich ihr im in ist ja kann mehr mit nach nicht noch nur "
        "oder sagte sein sich sie sind so über um und uns unter vom von vor war was wenn werden wie wir wird "
        "wurde zu zum zur".split()
    ),
    "fr": frozenset(
        "à a ai au aussi aux avec ce ces cette c'est d dans de des du elle en est et être eu il ils je l la le "
        "les leur lui mais me n ne nous on ont ou où par pas plus pour qu que qui s sa se ses si son sont sur un "
        "une vous y était".split()
    ),
    "es": frozenset(
        "a al como con cuando de del desde dijo donde el ella en entre era es esta este fue ha han hay la las le "
        "les lo los más me muy no nos o para pero por que quien se ser si sin sobre son su sus también un una uno "
        "y ya".split()
    ),
    "it": frozenset(
        "a al alla anche che ci come con da dal dei del della di e è gli ha hanno i il in io la le lo ma nel "
        "nella non o per più quando questo se sei si sono su sua suo un una uno".split()
    ),
    "pt": frozenset(
        "a ao as com como da das de do dos e é ela ele em entre era essa este foi há isso mais mas na nas no nos "
        "o os ou para pela pelo por que se sem ser seu sua são também um uma".split()
    ),
    "nl": frozenset(
        "aan als bij dat de der die dit door een en er haar had heeft het hij hun ik in is kan maar meer met na "
        "naar niet nog of om ook op over te tot uit van voor was wat we werd zei zich zij zijn".split()
    ),
    "pl": frozenset(
        "a aby ale ani bardzo bez bo by był była było były być co czy dla do gdy go i ich ile im iż ja jak jako "
        "je jednak jego jej jest jeszcze już kiedy która które którego której który którzy lub ma mnie może na "
        "nad nie niż o od on ona one oni oraz po pod przed przez przy się są ta tak także tam te tego tej ten też "
        "to tu tych tylko tym w we więc wszystko z za ze że".split()
    ),
    "ru": frozenset(
        "а без более бы был была были было быть в вам вас весь во вот все всё вы где да для до его ее её если "
        "есть еще ещё же за и из или им их к как когда который которая которые которого ли между мы на над нас не "
        "него нее неё нет но ну о об он она они оно от очень по под после при с со также так там то того тоже "
        "только ту ты у уже чем что чтобы эта эти это этого этой этот я".split()
    ),
    "uk": frozenset(
        "а або але без більше б би був була були було бути в вам вас весь від він вона вони воно все вже ви де "
        "для до його її їх є ж за з зі із і й ще як який яка яке які коли котрий ли між ми на над нас не ні ну о "
        "об от по під після при про та також так там те то того тому тільки ти у це ці цей ця цього цієї чи через "
        "що щоб я".split()
    ),
    "sv": frozenset(
        "alla att av bara blev bli blir de dem den denna deras dess det detta dig din du där då efter ej eller en "
        "ett för från genom ha hade han hans har hon henne hennes honom hur här i in inte jag kan kunde man med "
        "men mellan mot mycket ni nu när och också om oss på sade sedan sig sin sina ska skulle som så till under "
        "upp ut utan vad var vara vi vid vill är åt över".split()
    ),
    "da": frozenset(
        "af alle at blev blive bliver da de dem den denne der deres det dette dig din du efter eller en end er et "
        "for fra få gennem ham han hans har havde have hende hendes her hos hun hvad hvor i ikke ind jeg kan "
        "kunne man med meget men mellem mod ned nogle nu når og også om op os over på sagde sig sin skal skulle "
        "som så til ud uden under var ved vi vil være".split()
    ),
    "no": frozenset(
        "alle at av ble bli blir da de dem den denne der deres det dette deg din du eller en enn er et etter ett "
        "for fra få før gjennom ha hadde ham han hans har henne hennes her hos hun hva hvor i ikke inn jeg kan "
        "kunne man med meg men mellom mot nå når og også om opp oss over på sa seg sin skal skulle som så til "
        "under ut uten var ved vi vil være".split()
    ),
    "fi": frozenset(
        "ei eikä ellei emme en että hän hänen he heidän hyvin ja jo joka joista jonka jos jossa jota jotka kanssa "
        "kuin kuitenkin kun me mikä minä mitä mukaan mutta myös ne niin niitä noin nyt olen oli olisi olivat olla "
        "on ovat se sekä sen sitä siis sillä siitä tai tämä tämän tätä te tuo vaan vai vaikka vain vielä voi "
        "ettei eivät jälkeen joiden niiden".split()
    ),
    "tr": frozenset(
        "acaba ama ancak aslında az bana bazı ben beni benim bile bir biri biz bu buna bunda bunu bunun çok çünkü "
        "da daha de defa değil diye dedi en gibi göre hem hep her hiç için ile ise işte kadar karşı kendi ki kim "
        "mı mi mu mü nasıl ne neden nerede o olan olarak oldu olduğu olduğunu ona onlar onu onun sen siz sonra "
        "şey şu tüm ve veya ya yani yok".split()
    ),
    "ar": frozenset(
        "في من على إلى عن مع أن إن أنه أنها التي الذي الذين هذا هذه ذلك تلك هو هي هم كان كانت كما لا لم لن ما قد "
        "قال قالت وقال وقالت كل بعد قبل بين عند حتى أو ثم أي لكن ولكن منذ خلال حول غير أكثر عليه عليها فيه فيها "
        "به بها له لها منه منها إذا حيث بن يكون ليس وهو وهي وقد كانوا ضد دون سوف لقد نحن أنا أيضا".split()
    ),
    "cs": frozenset(
        "a aby ale ani asi až bez bude by byl byla bylo byli být co či další do ho i já jak jako je jeho její "
        "jejich jen ještě jenž jestli ji již jsem jsme jsou k kde kdo kdy když která které který kteří ke ku ma "
        "má mezi může my na nad ne nebo není než o od on ona oni po pod podle pokud pro proto protože při s se si "
        "své tak také tam ten tento to toho tom tu už v ve více však z za ze že".split()
    ),
    "el": frozenset(  # as tokens come: casefold makes every ς a σ
        "ο η το οι τα του της των τον την τους τις ένα ένας μια μία και κι στο στη στην στον στα στους στις σε "
        "από για με ως προς κατά μετά πριν χωρίς μέχρι που πως ότι να θα δεν μην μη αν όταν όπως όμως αλλά ή ούτε "
        "είναι ήταν είχε έχει έχουν αυτό αυτή αυτός αυτά αυτές αυτοί μου σου μας σας όλα όλοι πολύ πιο τι ποιος "
        "επίσης ακόμη ακόμα".casefold().split()
    ),
    "hu": frozenset(
        "a az azt abban ahogy akik aki akkor amely amelyek ami amikor annak arra azok azonban be csak de e egy "
        "egyik egyes el ez ezek ezt és fel hanem ha hogy hogyan is itt ki kell le lehet lesz lett maga már még "
        "meg mely melyek mert mi mind minden mint most nagyon ne nem nincs ő ők ön össze pedig s saját sem "
        "szerint te több tovább után úgy vagy van volt voltak vissza".split()
    ),
    "ro": frozenset(
        "a acea aceasta această acest aceste acestei acestui ai aici al ale am ar are au avea avut ca care că ce "
        "cea cei cel cele către cu cum când da dar de deci decât din după ea ei el ele era este eu fi fie fost "
        "iar în între îi îl își la le lor lui mai mult ne nici nu o oricare pe pentru peste prin sa sau să se "
        "sunt și un unde unei unui va vor".split()
    ),
    "he": frozenset(
        "של את על לא כי הוא היא הם הן זה זו זאת אלה אני אתה אנחנו אתם עם גם או אבל אך אם כל כמו יותר מאוד רק עוד "
        "כבר היה היתה הייתה היו יש אין אל אשר בין לפני אחרי תחת ללא מה מי איך למה כאשר לאחר בו בה לו לה להם שלו "
        "שלה שלהם אותו אותה אותם כדי עד אמר אמרה פי ידי ואת לפי וכן הזה".split()
    ),
}
for _written in ("nb", "nn"):
    STOP_WORDS[_written] = STOP_WORDS["no"]
