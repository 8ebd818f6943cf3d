"""Which lines pages and mails leave in a text that are no part of it: a table by idea, in some twenty languages.

A rule fits a whole line or not at all. Where a rule leaves open what follows its own words, that may be names, or
anything that neither ends as a sentence nor says who said it: prose stays. Phrases are looked up without case,
counters, arrows and stops around them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from digest.text.months import MONTH, WEEKDAY

# ------------------------------------------------------------------------------------------------ the date line

_DAY = (
    rf"(?:(?:{WEEKDAY},?\s+)?(?:(?:den|le|el|il|il giorno|an?)\s+)?"
    rf"(?:\d{{1,2}}(?:st|nd|rd|th|er|º|\.)?\s+(?:de\s+|d['’]\s*)?{MONTH},?\s+(?:de\s+)?\d{{4}}(?!\d)"
    rf"|{MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?,?\s+\d{{4}}(?!\d)"
    rf"|\d{{4}}-\d\d-\d\d|\d{{1,2}}[./]\d{{1,2}}[./]\d{{4}}(?!\d)|(?:19|20)\d\d[./]\d{{1,2}}[./]\d{{1,2}}(?![\d.])"
    rf"|\d{{4}}\s?[年년]\s?\d{{1,2}}\s?[月월]\s?\d{{1,2}}\s?[日일](?:\s?[(（][^()（）]{{1,4}}[)）])?)"
    rf"(?:\s*(?:г\.|года?|р\.|року))?)"
)
_CLOCK = (
    r"(?:(?:上午|下午|午前|午後|오전|오후)\s?)?\d{1,2}(?:[:.h]\d{2}(?::\d\d)?|\s?[时時시]\s?\d{1,2}\s?[分분])"
    r"\s*(?:[ap]\.?m\.?|uhr|ч\.?)?(?:\s*(?:[A-Z]{2,4}T?|UTC|GMT|Z|[+-]\d\d:?\d\d))?"
)
_AT = r"(?:at|um|à|a las|às|alle(?: ore)?|ore|om|o godz\.?|godz\.?|kl\.?|klo|в|о|saat)"
_STAMP = rf"(?:{_DAY}(?:\s*[,|·•–—T-]*\s*(?:{_AT}\s+)?{_CLOCK})?|{_CLOCK},?\s*(?:on\s+|,\s*)?{_DAY})"
_STAMP_WORD = (
    r"(?:(?:first\s+)?(?:published|posted|updated|last\s+(?:updated|modified)|created)|"
    r"veröffentlicht|(?:zuletzt\s+)?aktualisiert|erstellt|stand|publié|mis à jour|modifié|publicado|actualizado|"
    r"pubblicato|aggiornato|atualizado|gepubliceerd|geplaatst|bijgewerkt|opublikowano|data publikacji|aktualizacja|"
    r"zaktualizowano|publicerad|uppdaterad|offentliggjort|udgivet|opdateret|publisert|oppdatert|julkaistu|päivitetty|"
    r"опубликовано|обновлено|дата публикации|опубліковано|оновлено|yayınlanma(?: tarihi)?|güncelle(?:me|nme)|"
    r"公開日?|更新日?|投稿日|掲載日?|配信|发布时间|发布于|更新时间|日期|時間|时间|입력(?:시간)?|수정|등록|승인|"
    r"نُ?شر(?: في)?|تاريخ النشر|آخر تحديث)"
)
_SOURCE_WORD = (
    r"(?:sources?|quellen?|fuentes?|fontes?|fonti|bron(?:nen)?|źródł[oa]|käll(?:a|or)|kilder?|lähteet|lähde|источники?|"
    r"джерел[оа]|kaynak|出典|来源|來源|출처|المصدر)"
)

DATED = re.compile(rf"(?i){_STAMP}")
"""A publication date with or without a time, where nothing else is asked of the line."""

# ------------------------------------------------------------------------------------------------ whole lines

_WHOLE = {
    "share line": """
        teilen; artikel teilen; beitrag teilen; auf facebook teilen; auf twitter teilen; per e-mail teilen; drucken;
        artikel drucken; link kopieren; merken; seite drucken;
        partager; partager l'article; partager cet article; partager sur facebook; partager sur twitter; imprimer;
        copier le lien; envoyer par e-mail; envoyer par mail;
        compartir; comparte; compartir en facebook; compartir en twitter; compartir este artículo; comparte esta
        noticia; copiar enlace; enviar por correo; imprimir;
        condividi; condividi su facebook; condividi questo articolo; condividi l'articolo; stampa; copia link;
        compartilhe; compartilhar; partilhar; partilhe; compartilhe no facebook; compartilhe esta notícia; partilhe este
        artigo; copiar link; enviar por e-mail;
        delen; deel; deel dit artikel; deel dit bericht; deel op facebook; deel via facebook; kopieer link; afdrukken;
        udostępnij; udostępnij na facebooku; udostępnij artykuł; podziel się; drukuj; skopiuj link;
        dela; dela artikeln; dela på facebook; dela på twitter; skriv ut; kopiera länk;
        del; del artiklen; del på facebook; del på twitter; udskriv; kopiér link; del saken; del artikkelen; kopier
        lenke;
        jaa; jaa artikkeli; jaa facebookissa; tulosta; kopioi linkki;
        поделиться; поделитесь; поделиться в соцсетях; поделитесь с друзьями; поделиться новостью; распечатать;
        скопировать ссылку;
        поділитися; поділіться; поділитися у facebook; роздрукувати; скопіювати посилання;
        paylaş; bu haberi paylaş; haberi paylaş; facebook'ta paylaş; yazdır; bağlantıyı kopyala;
        シェア; シェアする; ツイート; ツイートする; この記事をシェア; この記事をシェアする; 印刷; 印刷する;
        リンクをコピー;
        分享; 分享到; 分享至; 分享本文; 分享到微信; 转发; 打印; 打印本页; 收藏; 复制链接;
        공유; 공유하기; 기사 공유; 페이스북 공유; 인쇄; 인쇄하기; 링크 복사; 스크랩;
        شارك; مشاركة; شارك المقال; شارك هذا المقال; شارك على فيسبوك; طباعة; نسخ الرابط;
    """,
    "comment form": """
        kommentare; alle kommentare; kommentar schreiben; kommentar hinterlassen; kommentare anzeigen; antworten;
        antwort abbrechen; antworten abbrechen;
        commentaires; commenter; réagir; réagissez; ajouter un commentaire; lire les commentaires; voir les
        commentaires; répondre; annuler la réponse;
        comentarios; deja una respuesta; dejar un comentario; escribe un comentario; ver comentarios; responder;
        cancelar respuesta;
        commenti; commenta; scrivi un commento; rispondi; annulla risposta;
        comentários; comente; deixe uma resposta; ver comentários; cancelar resposta;
        reacties; reageer; reageren; geef een reactie; laat een reactie achter; bekijk reacties; reactie annuleren;
        komentarze; dodaj komentarz; napisz komentarz; zostaw komentarz; odpowiedz; anuluj pisanie odpowiedzi;
        kommentarer; kommentera; lämna ett svar; lämna en kommentar; skriv en kommentar; avbryt svar;
        skriv et svar; tilføj kommentar; annuller svar; legg igjen en kommentar; legg igjen et svar;
        kommentit; kommentoi; jätä kommentti; kirjoita kommentti; vastaa; peruuta vastaus;
        комментарии; комментировать; оставить комментарий; добавить комментарий; показать комментарии; ответить;
        отменить ответ;
        коментарі; коментувати; залишити коментар; додати коментар; скасувати відповідь;
        yorumlar; yorum yap; yorum yaz; bir yanıt yazın; bir cevap yazın; cevapla; yanıtı iptal et;
        コメント; コメントする; コメントを残す; コメントを書く; コメントをキャンセル;
        发表评论; 发表回复; 网友评论; 我要评论; 查看评论; 最新评论; 热门评论; 暂无评论; 取消回复;
        댓글; 댓글쓰기; 댓글 쓰기; 댓글 달기; 댓글 입력; 답글 달기; 댓글 취소;
        تعليقات; التعليقات; اترك تعليقا; اترك تعليقاً; أضف تعليق; أضف تعليقا; أضف تعليقك; اكتب تعليقا; إلغاء الرد;
    """,
    "subscribe line": """
        newsletter; newsletter abonnieren; zum newsletter anmelden; newsletter bestellen; abonnieren; jetzt abonnieren;
        jetzt anmelden; anmelden; einloggen; registrieren;
        s'abonner; je m'abonne; s'inscrire; se connecter; déjà abonné; s'inscrire à la newsletter;
        suscribirse; suscríbete; suscríbase; iniciar sesión; regístrate; regístrese;
        abbonati; iscriviti; accedi; registrati; iscriviti alla newsletter;
        assine; assine já; assine agora; inscreva-se; cadastre-se; iniciar sessão; subscreva; assine a newsletter;
        abonneer; abonneren; word abonnee; inloggen; meld je aan; aanmelden; nieuwsbrief;
        zaloguj się; zarejestruj się; subskrybuj; zapisz się; prenumerata;
        logga in; prenumerera; bli prenumerant; nyhetsbrev; log ind; bliv abonnent; bliv medlem; tilmeld; tilmeld
        nyhedsbrev; nyhedsbrev; logg inn; bli abonnent; abonner;
        kirjaudu; kirjaudu sisään; tilaa; tilaa uutiskirje; uutiskirje; tilaa nyt;
        войти; подписаться; зарегистрироваться; регистрация; подписаться на рассылку;
        увійти; підписатися; зареєструватися; реєстрація;
        giriş yap; üye ol; abone ol; kaydol;
        メルマガ登録; 会員登録; 無料会員登録; 無料登録; ログイン; 購読する; ニュースレター登録;
        订阅; 立即订阅; 登录; 注册; 扫码关注; 关注我们; 关注公众号;
        구독; 구독하기; 구독신청; 뉴스레터 구독; 로그인; 회원가입;
        اشترك; اشترك الآن; اشترك في النشرة الإخبارية; اشترك في نشرتنا البريدية; تسجيل الدخول;
    """,
    "cookie notice": """
        alle akzeptieren; cookies akzeptieren; cookie-einstellungen; tout accepter; accepter les cookies; gérer les
        cookies; continuer sans accepter; aceptar cookies; aceptar todas; aceptar todas las cookies; política de
        cookies; accetta tutti; accetta i cookie; aceitar cookies; aceitar todos; cookies accepteren; alles accepteren;
        cookie-instellingen; zaakceptuj wszystkie; akceptuję; acceptera alla; acceptera cookies; godkänn alla; accepter
        alle; tillad alle; godta alle; hyväksy kaikki; hyväksy evästeet; принять все; прийняти всі; çerezleri kabul et;
        すべて許可; すべて受け入れる; 接受所有cookie; 모두 허용; قبول الكل;
    """,
    "advert": """
        advertisement; ad; ads; sponsored; sponsored content; story continues below; story continues below
        advertisement;
        article continues below; article continues below advertisement; scroll to continue;
        anzeige; werbung; publicité; annonce; la suite après cette publicité; publicidad; continúa debajo; pubblicità;
        continua a leggere dopo la pubblicità; publicidade; continua após a publicidade; advertentie; artikel gaat
        verder onder de advertentie; reklama; artykuł dostępny po reklamie; annons; artikeln fortsätter under annonsen;
        artiklen fortsætter efter annoncen; annonsørinnhold; artikkelen fortsetter under annonsen; mainos; juttu jatkuu
        mainoksen jälkeen; реклама; на правах рекламы; reklam; 広告; スポンサーリンク; 广告; 廣告; 광고; إعلان; إعلانات;
    """,
    "link to more": """
        weiterlesen; mehr lesen; mehr anzeigen; meistgelesen; weitere artikel; weitere meldungen; zum thema; zurück nach
        oben; nach oben;
        lire la suite; articles liés; les plus lus; voir plus; haut de page;
        leer más; ver más; sigue leyendo; noticias relacionadas; artículos relacionados; temas relacionados; lo más
        leído; volver arriba;
        continua a leggere; articoli correlati; i più letti; torna su;
        ler mais; notícias relacionadas; artigos relacionados; mais lidas; continue lendo; voltar ao topo;
        gerelateerd; gerelateerde artikelen; meest gelezen; lees verder; terug naar boven;
        powiązane artykuły; najczęściej czytane; polecamy; czytaj dalej;
        relaterade artiklar; mest läst; läs vidare; relaterede artikler; mest læste; relaterte saker; mest lest;
        luetuimmat; aiheesta lisää; takaisin ylös;
        читать далее; читать дальше; материалы по теме; по теме; похожие новости; популярное; наверх;
        читати далі; схожі новини; за темою; популярне;
        ilgili haberler; benzer haberler; devamını oku; en çok okunanlar;
        続きを読む; 関連記事; 関連リンク; 関連ニュース; おすすめ記事; 人気記事; アクセスランキング; もっと見る;
        次のページ;
        前のページ; 次の記事; 前の記事; トップへ戻る;
        相关阅读; 延伸阅读; 推荐阅读; 相关新闻; 相关文章; 相关链接; 相关报道; 热门推荐; 查看更多; 阅读更多; 阅读原文;
        上一篇;
        下一篇; 猜你喜欢; 更多新闻; 返回顶部; 延伸閱讀; 相關新聞; 相關文章;
        관련기사; 관련 기사; 관련뉴스; 더보기; 이전기사; 다음기사; 인기기사; 많이 본 뉴스; 추천기사; 맨 위로;
        اقرأ المزيد; المزيد; مواضيع ذات صلة; مقالات ذات صلة; أخبار ذات صلة; الأكثر قراءة;
    """,
}

# ------------------------------------------------------------------------------------------------ openings of lines

# Then nothing, a colon and a title, or a title without a stop.
_OPENINGS = {
    "link to more": """
        lesen sie auch; lesen sie dazu auch; lesen sie mehr; lesen sie hier; lesen sie weiter; mehr zum thema; mehr
        dazu;
        mehr über; auch interessant; das könnte sie auch interessieren; siehe auch;
        à lire aussi; lire aussi; lire également; à lire également; à voir aussi; voir aussi; sur le même sujet; vous
        aimerez aussi;
        leer más;
        lea también; lee también; lea además; lee además; lea más; te puede interesar; le puede interesar; también te
        puede interesar; ver también; vea también;
        leggi anche; leggi di più; vedi anche; potrebbe interessarti; potrebbe interessarti anche; ti potrebbe
        interessare; per approfondire;
        leia também; leia mais; veja também; saiba mais; leia a matéria completa; você pode gostar;
        lees ook; lees meer; lees hier; zie ook; bekijk ook; meer over;
        czytaj także; czytaj też; czytaj również; czytaj więcej; przeczytaj także; przeczytaj też; zobacz także; zobacz
        też; zobacz również;
        läs också; läs även; läs mer; se även; læs også; læs mere; se også; les også; les mer;
        lue myös; lue lisää; katso myös;
        читайте также; читать также; читайте по теме; смотрите также; ещё по теме; еще по теме; подробнее;
        читайте також; читати також; дивіться також; детальніше;
        ilginizi çekebilir; bunları da okuyun; ayrıca okuyun;
        あわせて読みたい; 合わせて読みたい; こちらもおすすめ; 関連記事; 相关阅读; 延伸阅读; 推荐阅读; 延伸閱讀;
        관련기사; 관련 기사;
        함께 보면 좋은 기사;
        اقرأ أيضا; اقرأ أيضاً; اقرأ ايضا; إقرأ أيضا; إقرأ أيضاً; شاهد أيضا; شاهد أيضاً; قد يعجبك أيضا;
    """,
    "comment form": """
        schreibe einen kommentar; schreiben sie einen kommentar; laisser un commentaire; deja un comentario; lascia un
        commento; deixe um comentário; plaats een reactie;
    """,
}


def _phrases(table: Mapping[str, str]) -> dict[str, str]:
    """Phrase -> reason, for a table whose phrases end with semicolons."""
    return {
        phrase: reason for reason, rows in table.items() for phrase in " ".join(rows.split()).rstrip(";").split("; ")
    }


_WHOLE_REASON = _phrases(_WHOLE)
_OPENING_REASON = _phrases(_OPENINGS)
_LONGEST = max(map(len, _WHOLE_REASON))

# ------------------------------------------------------------------------------------------------ what is prose

_CAPITALIZED = r"[A-ZÀ-ÞĀ-ŽА-ЯЁІЇЄ][\w’'.-]*"
_NAMES = (
    rf"(?-i:(?:[Tt]he\s+)?{_CAPITALIZED}(?:[\s,;/&|()–—]+(?:{_CAPITALIZED}|\d[\w.]*|and|of|in|for|at|by|the|und|für|"
    rf"et|y|e|"
    r"de|la|le|du|van|von|der|da|do|di|del|della|dpa|epd|imago|[Ee]diting|[Rr]eporting|[Ww]riting|"
    r"[Aa]dditional))*)[\s.)]*"
)
"""Names and what stands between them: "Ana Ruiz in Porto; editing by Jan Roe"."""

_SAID = (
    r"(?:said|says|told|asked|urged|advised|warned|found|ruled|heard|promised|wrote|sagte?|rief|schrieb|riet|fragte|"
    r"meinte?|erklärte|dit|disait|conseille|explique|affirme|répond|écrit|dijo|dice|decía|explicó|afirmó|pidió|disse|"
    r"diceva|spiega|diz|dizia|explicou|afirmou|zei|zegt|stond|schreef|vroeg)"
)
_TOLD_BY_NOBODY = rf"(?!.*,\s(?:\S{{1,30}}\s){{0,4}}{_SAID}\b)"
_NO_PROSE = (
    r"(?!.*(?:[^\s.]\.|[!?…。！？؟।])[\"'”’»)\]」』*\s]*$)" + _TOLD_BY_NOBODY  # no sentence has a blank before its stop
)


def _up_to(size: int) -> str:
    """What may follow a rule's own words: names, or *size* characters that are no prose."""
    return rf"(?:\s*{_NAMES}|{_NO_PROSE}.{{0,{size}}})"


# ------------------------------------------------------------------------------------------------ patterns

_OPENING = re.compile(
    rf"(?P<phrase>{'|'.join(sorted(map(re.escape, _OPENING_REASON), key=len, reverse=True))})"
    rf"(?:\s*[:：»>→–-].{{0,200}}|\s+{_NO_PROSE}(?P<title>.{{1,120}}))?",
    re.IGNORECASE,
)

_NAME = r"[^\W\d_][\w.’'-]*"
_MAIL = r"[\w.+%=-]{1,64}@[\w-]+(?:\.[\w-]+)+"
# A notice says what they are for: without that, it may be about biscuits.
_FOR = (
    r"(?=.*(?:site|seite|servi[czç]|dienst|tjänst|tjenest|personal|analy|anal[ií]|erfahrung|experi|expéri|esperien|"
    r"ervaring|"
    r"oplev|opplev|upplev|kokemu|navig|brows|einstell|polic|polit|privac|zustimm|consent|accept|accet|acept|aceit|godk|"
    r"stron|korzyst|сайт|удобств|зручн|deneyim|体験|利便|体验|환경))"
)
_COOKIES = r"(?:cookies?|evästei\w*|куки|файлы cookie|файли cookie|çerez\w*|クッキー|informasjonskaps\w+)"
_USE = (
    r"(?:uses?|using|verwende\w*|nutz\w+|benutz\w+|setzt|utilis\w+|utiliz\w+|utilizz\w+|usa\w*|gebruik\w*|używa\w*|"
    r"stosuj\w+|wykorzystuj\w+|använder|bruger|anvender|bruker|käyt\w+|использу\w+|використову\w+|kullan\w+|を使用|"
    r"使用)"
)
_OURS = (
    r"(?:(?:we|our|(?:this|the) (?:web)?site|wir|unsere\w*|diese (?:web)?(?:site|seite)|nous|ce site|notre|nuestr\w+|"
    r"este sitio|esta web|utilizamos|usamos|questo sito|utilizziamo|este site|nosso|deze (?:web)?site|wij|onze|"
    r"ta strona|nasz\w*|vi|vår\w*|vores|webbplatsen|denne side|hjemmesiden|nettstedet|käytämme|sivusto\w*|мы|наш\w*|"
    r"сайт|ми|sitemiz\w*)\b|当サイト|本サイト|本网站|우리)"
)
_RIGHTS = (
    r"(?:all rights reserved|alle rechte vorbehalten|tous droits réservés|todos los derechos reservados|"
    r"(?:tutti i )?diritti "
    r"riservati|riproduzione riservata|todos os direitos reservados|alle rechten voorbehouden|"
    r"wszelkie prawa zastrzeżone|"
    r"alla rättigheter (?:förbehållna|reserverade)|alle rettigheder forbeholdes|alle rettigheter (?:reservert|"
    r"forbeholdt)|"
    r"kaikki oikeudet pidätetään|все права защищены|всі права захищені|усі права захищені|tüm hakları saklıdır|"
    r"無断転載(?:を?禁じます|禁止)?|"
    r"版权所有|著作権所有|版權所有|무단\s?전재|جميع الحقوق محفوظة|nachdruck verboten|reproduction interdite)"
)
_PICTURE_WORD = (
    r"(?:images?|photos?|pictures?|fotos?|bild(?:er)?|crédits?(?: photos?)?|imagen(?:es)?|fotografías?|fotografie?|"
    r"immagin[ei]|"
    r"imagens?|créditos?|zdjęcia?|kuvat?|valokuvat?|фото|світлина|fotoğraf(?:lar)?|görsel|写真|画像|图片来源|图片|"
    r"图源|圖片來源|"
    r"사진(?:제공|출처)?|صورة|الصورة|تصوير)"
)
_AGENCY = r"(?:getty|ap|afp|reuters)(?:\s(?:images?|photo))?"
_LETTER_WORD = (
    r"(?:newsletters?|nieuwsbrief|nyhetsbrev\w*|nyhedsbrev\w*|uutiskirje\w*|рассылк\w+|розсилк\w+|bülten\w*|bolet[íi]n|"
    r"infolettre|lettre d['’]information|biuletyn\w*)"
)
_DO_SUBSCRIBE = (
    r"(?:melden sie sich|melde dich|abonnieren sie|abonniere|bestellen sie|inscrivez-vous|abonnez-vous|suscríbete|"
    r"suscríbase|regístrate|apúntate|iscriviti|abbonati|inscreva-se|assine|cadastre-se|subscreva|meld je|"
    r"schrijf je|abonneer je|zapisz się|subskrybuj|prenumerera|anmäl dig|tilmeld dig|meld deg|abonner|tilaa|"
    r"подпи(?:шитесь|сывайтесь)|підпи(?:шіться|суйтесь)|abone ol|"
    r"(?:recevez|recibe|reciba|ricevi|receba|ontvang)(?=\s.{0,20}\b(?:notre|nos|nuestr|nostr|nossa|onze|grat)))"
)
_FOLLOW_US = (
    r"(?:folgen sie uns|folge uns|suivez-nous|síguenos|seguici|siga-nos|volg ons|obserwuj nas|följ oss|følg oss?|"
    r"seuraa meitä|следите за нами|bizi takip edin|(?:sigue|siga) (?!en\b|no\b|na\b)\S.{1,30} (?:en|no|na))"
)
_NETWORK = r"(?:twitter|facebook|instagram|telegram|youtube|linkedin|social media|(?-i:X))\b"

# A line is a leftover when one of these fits the whole of it. Order matters: the first reason is the one given.
_RULES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (reason, re.compile("|".join(patterns), re.IGNORECASE))
    for reason, patterns in (
        ("date and source line", [rf"{_STAMP}[\s|·•–—-]*{_SOURCE_WORD}(?:\s*[:：]{_up_to(60)})?"]),
        (
            "date line",
            [
                rf"[\[(【]?\s*(?:{_STAMP_WORD}\s*+(?:on|at|am|le|el|il|em|op|den|dnia)?\s*+[:：]?\s*+)?{_STAMP}[\s|"
                rf".·•\])】-]*",
                rf"{_STAMP_WORD}\s*+(?:at|um|à|om|kl\.?)?\s*+[:：]?\s*+{_CLOCK}[\s.]*",
                rf"{_STAMP_WORD}\s*[:：](?=.*\d){_up_to(80)}|last updated at \d.{{0,60}}|(?:updated|published)[:.\s]*",
            ],
        ),
        ("source line", [rf"{_SOURCE_WORD}\s*[:：]{_up_to(80)}"]),
        (
            "by-line",
            [
                r"by:?[\s.]+[A-Z][\w.’'-]+(?:(?:\s+[|·•–-]|,)?\s+(?:(?:and|of|in|for|,)\s+)?[\w.’'-]+){0,8}[.\s]*|by",
                rf"(?:von|por|par|di|door|av|af|od|от)\s+{_CAPITALIZED}(?:\s+{_CAPITALIZED}){{1,3}}",
                rf"(?:written|reported|words)\s+by\b:?{_up_to(60)}",
                r"[\w.’' -]{3,40},\s+(?:staff|political|senior)\s+(?:writer|reporter)",
                rf"(?:autor(?:in|a|ka|e)?|auteur|автор|текст|tekst|teksti|yazan|haber)\s*:{_up_to(60)}",
                r"[(（]?(?:作者|记者|記者|文|撰文|编辑|責任編集|责任编辑|责编|编辑|筆者)\s*[:：/／丨|]\s*[^。]{2,40}",
                rf"[가-힣]{{2,4}}\s?(?:기자|특파원|칼럼니스트)(?:\s*=?\s*{_MAIL})?",
                rf"(?:بقلم|كتب|كتبت|الكاتب)\s*[:：]{_up_to(60)}",
            ],
        ),
        (
            "media notice",
            [
                r".{0,120}\b(?:does not|doesn['’]t|not) (?:appear|display|load)\b.{0,60}(?:click here|refresh|your "
                r"browser).{0,20}",
                rf"{_TOLD_BY_NOBODY}click here(?: (?:to|for)\b.{{0,80}})?|(?:your )?browser does not support.{{0,80}}",
                r"(?:please )?(?:enable|turn on) javascript.{0,80}",
                r"(?:bitte aktivieren sie|veuillez activer|por favor,? active|attiva|schakel|"
                r"включите) javascript.{0,80}",
                r"(?:ihr|dein|votre|ton|tu|su|il tuo|o seu|seu|je|uw|twoja|din|ваш) (?:browser|navigateur|navegador|"
                r"przeglądarka|webbläsare|nettleser|браузер)\b.{0,60}(?:unterstützt|en charge|support|soporta|admite|"
                r"ondersteun|obsługuje|stöder|støtter|поддержив|javascript|html).{0,60}",
            ],
        ),
        (
            "caption",
            [
                r"(?:\W{0,3}video\s+)?scroll down (?:for|to)\b.{0,80}|(?:image|media) caption\b.{0,120}",
                r"(?:pictured|in pictures)\s*:.{0,200}|(?:video|gallery)\s*:\s*(?:watch|see|click)\b.{0,120}",
                rf"(?:video|watch|gallery|photos?|picture|listen)\s*:{_up_to(200)}",
                rf"watch (?:the |this )?video(?:\s+here)?(?:[\s.:]*|\s{_NO_PROSE}.{{0,60}})|(?:video|watch|"
                rf"listen)\s*:[^.!?]{{0,120}}\?",
                rf"(?:image|photo|picture|foto|bild)s?\s*(?:credit|caption|source|copyright|by\b|:){_up_to(160)}",
                rf"(?:photograph|illustration|credit)s?\s*(?::|by\b){_up_to(120)}",
                rf"{_NO_PROSE}.{{0,120}}\((?:{_AGENCY}|file)\)",
                rf".{{0,120}}\((?:{_AGENCY}\s?[/,|][^)]{{1,40}}|(?:ap|afp|reuters) photo|getty images|file (?:photo|"
                rf"picture|"
                r"image))\)\s*\.?",
                rf"[\[(]?{_PICTURE_WORD}\s*[:：=/／©]{_up_to(160)}|fot\.\s{_up_to(100)}|(?:foto|bild) (?:von|di|de|"
                rf"van) {_NAMES}",
                rf"(?:.{{0,160}}\b)?{_PICTURE_WORD}\s*(?:©|\(c\)).{{1,60}}",
            ],
        ),
        (
            "comment form",
            [
                r"leave a (?:reply|comment)(?:\W+(?:below|here|now|cancel reply|your e-?mail.{0,80}))?\W*",
                rf"leave a (?:reply|comment) (?:on|to|in)\b{_up_to(60)}|"
                rf"your e-?mail address will not be published.{{0,80}}",
                r"required fields are marked.{0,20}|(?:\d+ )?(?:comments?|responses?|replies)(?: \(\d+\))?",
                r"(?:post|add|write) a comment|save my name,? e-?mail.{0,120}|(?:name|e-?mail|website|comment)\s*\*?",
                r"cancel reply|notify me of .{0,60}|sorry we are not currently accepting comments.{0,40}",
                r"(?:deine|ihre) e-mail-adresse wird nicht veröffentlicht.{0,80}|erforderliche felder sind mit.{0,40}",
                r"votre adresse (?:e-?mail|de messagerie) ne sera pas publiée.{0,100}|"
                r"les champs obligatoires sont.{0,40}",
                r"tu dirección de correo electrónico no será publicada.{0,100}|los campos obligatorios están.{0,40}",
                r"il tuo indirizzo e-?mail non sarà pubblicato.{0,100}|i campi obbligatori sono.{0,40}",
                r"o seu endereço de e-?mail não será publicado.{0,100}|campos obrigatórios são.{0,40}",
                r"(?:je|het) e-?mailadres wordt niet gepubliceerd.{0,100}|vereiste velden zijn.{0,40}",
                r"twój adres e-?mail nie zostanie opublikowany.{0,100}|(?:wymagane )?pola są oznaczone.{0,40}",
                r"din e-?postadress kommer inte (?:att )?publiceras.{0,100}|"
                r"din e-?mailadresse vil ikke blive publiceret.{0,100}",
                r"din e-?postadresse vil ikke bli publisert.{0,100}|sähköpostiosoitettasi ei julkaista.{0,100}",
                r"ваш (?:адрес )?e-?mail не будет опубликован.{0,100}|обязательные поля помечены.{0,40}",
                r"ваша e-?mail адреса не оприлюднюватиметься.{0,100}|e-posta (?:hesabınız|adresiniz) yay.{0,100}",
                r"メールアドレスが公開されることはありません.{0,60}|您的(?:电子)?邮箱地址不会被公开.{0,60}",
                r"이메일 주소는 공개되지 않습니다.{0,60}|لن يتم نشر عنوان بريدك الإلكتروني.{0,100}",
            ],
        ),
        (
            "share line",
            [
                r"(?:share|tweet|pin|e-?mail|print|save|like)(?:[\s|,/·•]*(?:this|article|story|on|via|with|it|"
                r"facebook|"
                r"twitter|x|linkedin|whatsapp|reddit|e-?mail|print|friends|tweet|pin|\d++))*\s*[.:]?",
                r"share this (?:article|story|post|page|news) (?:on|via|with|by)\b.{0,100}",
                r"(?:e-?mail to a friend|click to (?:share|print|email).{0,60})[.!\s]*",
                rf"{_TOLD_BY_NOBODY}follow (?:us|me|him|her|@\w+|"
                rf"(?:the )?(?-i:[A-Z])[^.,]{{1,40}}) on {_NETWORK}.{{0,80}}|follow @\w+.{{0,40}}",
                r"(?:like|love|enjoy(?:ed)?) (?:this|the|our|what)\b[^.?!]{0,40}\?\s*(?:please |why not )?(?:share|"
                r"tell|"
                r"tweet|subscribe)\b.{0,80}",
                rf"{_FOLLOW_US}\s(?:(?:auf|bei|sur|en|su|op|na|på|в)\s)?{_NETWORK}.{{0,60}}",
            ],
        ),
        (
            "subscribe line",
            [
                r"(?:sign up|subscribe|register|join)\b.{0,60}\b(?:newsletter|your inbox|mailing list|"
                r"e-?mail (?:alerts?|"
                r"updates?))\b.{0,60}",
                rf"(?:sign up|subscribe)\b(?:{_NO_PROSE}.{{0,120}}|.{{0,60}}\b(?:free|now|today)\b[^.]{{0,60}}!)",
                r"(?:subscribe|sign (?:up|in)|log ?in|register|join)(?: (?:us|now|here|today|for|free))*[.!\s]*",
                r"already (?:a subscriber|have an account).{0,40}|(?:support|donate to) (?:us|our journalism).{0,60}",
                r"get (?:the|our|all|more)\b.{0,80}\b(?:(?:in|to|into|from|via) your inbox|newsletters?)\b.{0,120}",
                rf"{_DO_SUBSCRIBE}\b.{{0,80}}\b{_LETTER_WORD}\b.{{0,80}}|подпи(?:шитесь|сывайтесь) на (?:наш|"
                rf"нас).{{0,80}}",
                r"підпи(?:шіться|суйтесь) на (?:наш|нас).{0,80}|jetzt abonnieren.{0,40}",
                rf"(?:abonnez-vous|suscríbete|iscriviti)(?:{_NO_PROSE}.{{0,60}}|\s(?:pour|ici|para|aquí|ahora|per|"
                rf"qui|ora)\b"
                r"[^,]{0,60})",
            ],
        ),
        (
            "cookie notice",
            [
                rf"(?=.*{_COOKIES}){_FOR}(?:.{{0,120}}\b)?{_OURS}.{{0,40}}"
                rf"(?:{_USE}.{{0,25}}{_COOKIES}|{_COOKIES}\W{{0,3}}{_USE}).{{0,200}}",
                r"accept (?:all )?cookies|cookie (?:policy|settings|preferences)",
            ],
        ),
        (
            "copyright line",
            [
                rf"[©ⓒ]\s?.{{0,120}}|copyright\s(?:©\s?|\(c\)\s?)?(?:(?:19|20)\d\d\b.{{0,120}}|{_up_to(120)})",
                r"\(c\)\s(?:19|20)\d\d\b.{0,120}",
                rf"(?:.{{0,80}}\W)?{_RIGHTS}(?:\s*[^\w\s].{{0,160}}|{_NO_PROSE}.{{0,80}})",
            ],
        ),
        (
            "link to more",
            [
                r"(?:read (?:more|next|also|the full)|see also|you may (?:also )?like|also read|continue reading)\b"
                rf"{_NO_PROSE}.{{0,120}}|also on (?:\w+\.)+\w+\b.{{0,160}}",
                rf"more (?:from|on|about|in) (?:this (?:story|topic|section)|"
                rf"(?:the )?(?-i:[A-Z\d“‘])){_NO_PROSE}.{{0,120}}",
                rf"(?:related|recommended|most (?:read|popular)|don['’]t miss|must read)(?: (?:articles?|stories|posts|"
                rf"content|topics|links|news|reading|videos?|for you|now|today|this week))?(?:\s*[:»>→–-]"
                rf"{_NO_PROSE}.{{0,120}})?",
                r"more (?:\w+ ){0,3}(?:stories|news|articles|headlines|coverage)",
                r"(?:read|see|find out|learn) more(?:\s*[:»>…→–-].{0,80}|\s(?:about|at|on|in|from|"
                r"here)\b[^,]{0,80})?[.!]?",
                r"(?:tags?|filed under|categories|topics|schlagw(?:orte|örter)|stichwörter|mots-clés|etiquetas|"
                r"palabras clave|"
                r"argomenti|temas|trefwoorden|tagi|ämnen|emner|avainsanat|теги|теґи|etiketler|タグ|标签|标籤|关键词|"
                rf"태그|키워드|الوسوم|كلمات دلالية)\s*[:：]{_up_to(200)}",
                rf"(?:previous|next) (?:post|article|story)(?:\s*[:»>→–-].{{0,80}}|\s(?-i:[A-Z]){_NO_PROSE}.{{0,80}})?",
                r"back to top|skip to content",
            ],
        ),
        (
            "credit line",
            [
                r"(?:.{0,160}\s)?(?:\S{0,20}(?-i:[A-Z])\S{0,40}|reporters|writers|staff|"
                r"agencies)\s(?:also )?contributed "
                r"(?:reporting )?to this (?:report|story|article)(?: from .{2,80})?[.\s]*",
                r"(?:.{0,160}\s)?(?-i:[A-Z])\S{0,40}\sreported this (?:report|story|article)\s+from .{2,80}",
                rf"e-?mail:?\s*{_MAIL}|(?:write to|contact|reach) (?:us|me|the (?:author|writer|reporter|editor)s?|"
                rf"{_NAMES})"
                rf"(?:\s?(?:at|via|on))?:?\s?{_MAIL}\.?",
                rf"(?:.{{0,60}}\s)?(?-i:[A-Z])\S{{0,40}} (?:can|may) be reached at {_MAIL}.{{0,80}}",
                r"(?:have|got) a (?:news )?tip\?.{0,120}(?:@|e-?mail|call|contact|send|let us|tell us|submit|reach|"
                r"write to).{0,120}",
                r"this (?:article|story|post) (?:was )?(?:originally |first ){1,2}(?:appeared|published) (?:on|in|"
                r"at|by) "
                rf"(?:{_NAMES}|\S{{1,40}}\.\w+)(?:[.,;\s].{{0,120}})?(?<!\w)",
                r"this (?:article|story|post) (?:is|was) republished .{2,160}",
                rf"(?:reporting|editing|writing|additional reporting) by {_NAMES}",
                r"(?:terms of (?:use|service)|privacy policy)(?:\s*(?:[|·•,&/-]|and\b).{0,60})?",
            ],
        ),
    )
)

_POST = re.compile(r"(?i),\s+(?:\w+\s+){0,2}(?:writer|reporter|correspondent|editor|columnist|contributor)[.\s]*$")
_SMALL = frozenset("and by of in for und et y de the von van da di la del".split())
_AROUND = re.compile(r"^[\W\d_]+|(?<![\W\d_])[\W\d_]+$")


@lru_cache(maxsize=1024)  # a text is asked about when it is cleaned, when it is marked and when it is summarized
def leftover_reason(line: str) -> str:
    """The reason the whole of *line*, without blanks around it, is a leftover; '' if it may be part of a text."""
    folded = _folded(line)
    if len(folded) <= 2 * _LONGEST and (bare := _AROUND.sub("", folded)) in _WHOLE_REASON:
        return _WHOLE_REASON[bare]
    opening = _OPENING.fullmatch(line.replace("’", "'").strip("»›>→▶►•-–— "))
    if opening and _is_title(opening["title"] or ""):
        return _OPENING_REASON[_folded(opening["phrase"])]
    for reason, rule in _RULES:
        # `by`-lines are capitalized: "By the end of March" is a sentence.
        if rule.fullmatch(line) and (reason != "by-line" or _is_byline(line)):
            return reason
    return ""


def _folded(text: str) -> str:
    return text.casefold().replace("’", "'").replace("i\u0307", "i")  # what İ folds to


def _is_title(words: str) -> bool:
    """A title, or at most three words: "Lees ook de bijsluiter van je medicijn" goes on in the same sentence."""
    return not words[:1].islower() or len(words.split()) <= 3


def _is_byline(line: str) -> bool:
    words = re.findall(_NAME, re.sub(_MAIL, "", _POST.sub("", line)))
    names = [w for w in words[1:] if w.lower() not in _SMALL]
    return len(words) <= 9 and not re.search(r"\d", line) and not any(w[0].islower() for w in names)
