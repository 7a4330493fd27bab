//! Languages: declared when the text is clear about them, else not at all.

use crate::parse_seed::parsed;

/// Languages in Cyrillic letters that the detector does not know.
const STRANGE: [(&str, &str); 11] = [
    (
        "ba",
        "Һабантуй\n\nӨфөлә Һабантуй үтте. Байрамға меңләгән кеше йыйылды. Көрәш буйынса батыр исемен Баймаҡ егете \
        яуланы, уға автомобиль бүләк иттеләр. Был байрам һәр йыл йәй башында үткәрелә.",
    ),
    (
        "kk",
        "Мемлекет басшысы Үкімет отырысын өткізді\n\nБүгін Астанада Үкіметтің кеңейтілген отырысы өтті. \
        Президент Қасым-Жомарт Тоқаев экономиканың дамуы туралы айтты. Биыл еліміздің ішкі жалпы өнімі \
        төрт пайызға өсті. Министрлер алдағы жылға арналған жоспарды таныстырды. Жиынға өңір әкімдері де \
        қатысты.",
    ),
    ("kk", "Алматыда жаңа мектеп ашылды\n\nМектепте мың екі жүз оқушы білім алады."),
    (
        "kk",
        "Барлық адамдар тумысынан азат\n\nБарлық адамдар тумысынан азат және қадір-қасиеті мен құқықтары \
        тең болып дүниеге келеді. Адамдарға ақыл-парасат, ар-ождан берілген, сондықтан олар бір-бірімен \
        туыстық, бауырмалдық қарым-қатынас жасаулары тиіс.",
    ),
    (
        "ky",
        "Бишкекте жаңы мектеп ачылды\n\nПрезидент Садыр Жапаров өлкөнүн өнүгүүсү боюнча жыйын өткөрдү. \
        Жыйынга министрлер жана облустардын өкүлдөрү катышты. Быйыл мамлекеттик бюджет үчүн кошумча \
        каражат бөлүндү. Анын айтымында, бул чечим калктын жашоосун жакшыртат.",
    ),
    (
        "tt",
        "Казанда яңа мәктәп ачылды\n\nБүген Казанда яңа мәктәп ачылды. Тантанада Татарстан Рәисе Рөстәм \
        Миңнеханов катнашты. Аның сүзләренчә, бу мәктәп балалар өчен бик кирәк. Анда мең ике йөз бала \
        белем алачак, дип хәбәр итә матбугат хезмәте.",
    ),
    (
        "tt",
        "Барлык кешеләр дә\n\nБарлык кешеләр дә азат һәм үз абруйлары һәм хокуклары ягыннан тиң булып \
        туалар. Аларга акыл һәм вөҗдан бирелгән һәм бер-берсенә карата туганнарча мөнәсәбәттә булырга \
        тиешләр.",
    ),
    (
        "ba",
        "Өфөлә яңы мәктәп асылды\n\nБөгөн Өфөлә яңы мәктәп асылды. Тантанала Башҡортостан Башлығы Радий \
        Хәбиров ҡатнашты. Уның һүҙҙәренсә, был мәктәп балалар өсөн бик кәрәк. Унда мең ике йөҙ бала белем \
        аласаҡ.",
    ),
    (
        "ba",
        "Бөтә кешеләр\n\nБөтә кешеләр ҙә азат, дәрәжәләре һәм хоҡуҡтары яғынан тигеҙ булып тыуалар. Улар \
        аҡыл һәм выждан эйәһе һәм бер-береһенә ҡарата ҡәрҙәшлек рухында хәрәкәт итергә тейештәр.",
    ),
    (
        "mn",
        "Улаанбаатарт шинэ сургууль нээгдлээ\n\nЕрөнхийлөгч өнөөдөр шинэ сургуулийн нээлтэд оролцлоо. Тус \
        сургуульд мянга хоёр зуун хүүхэд суралцах юм. Засгийн газар энэ онд боловсролын салбарт их хөрөнгө \
        оруулалт хийх гэж байна. Энэ нь хүүхдүүдэд чухал ач холбогдолтой гэж сайд хэллээ.",
    ),
    (
        "mn",
        "Хүн бүр\n\nХүн бүр төрж мэндлэхэд эрх чөлөөтэй, адилхан нэр төртэй, ижил эрхтэй байдаг. Оюун \
        ухаан, нандин чанар заяасан хүн гэгч өөр хоорондоо ахан дүүгийн үзэл санаагаар харьцах учиртай.",
    ),
];

/// Others, with letters that none of the known ones has.
const UNTOLD: [(&str, &str); 8] = [
    (
        "-",
        "Тоҷикистон\n\nТамоми одамон озод ба аз лиҳози шарафу ҳуқуқ ба ҳам баробар ба дунё меоянд. Онҳо \
        соҳиби ақлу виҷдонанд, бояд бо якдигар муносибати бародарона дошта бошанд. Президенти ҷумҳурӣ \
        имрӯз гуфт.",
    ),
    (
        "-",
        "Ўзбекистон\n\nБарча одамлар эркин, қадр-қиммат ва ҳуқуқларда тенг бўлиб туғиладилар. Улар ақл ва \
        виждон соҳибидирлар ва бир-бирлари ила биродарларча муомала қилишлари зарур.",
    ),
    (
        "-",
        "Чӑваш\n\nПӗтӗм ҫын та ирӗклӗ ҫуралать, вӗсен пурин те тивӗҫпе право тан. Вӗсене ӑспа тӳре кӑмӑл \
        панӑ, ҫавӑнпа вӗсем пӗр-пӗринпе тӑванла пурӑнмалла.",
    ),
    (
        "-",
        "Тыва\n\nБүгү кижилер хостуг болгаш мөзүзү болгаш эргелери талазы-биле дең кылдыр төрүттүнер. \
        Оларга угаан-сарыыл болгаш арын-нүүр бердинген болгаш олар бот-боттарынга акы-дуңмалышкы \
        хамаарылгалыг болур ужурлуг.",
    ),
    (
        "-",
        "Буряад\n\nХүн бүхэн түрэхэһөө эрхэ сүлөөтэй, адли нэрэ түрэтэй, адли эрхэтэй байдаг. Хүн бүхэндэ \
        оюун ухаан, нангин сэдьхэл заяагдаһан тула өөр хоорондоо аха дүүгэй ёһоор харилсаха зэргэтэй.",
    ),
    (
        "-",
        "Хальмг\n\nКүмн төрскн болһн сән нертә болн әдл зөвтә болҗ төрнә. Теднд ухан болн сегәтә седкл \
        өгсмн, болв эдн хоорндан ахнр-дүүнр кевтә бәәх зөвтә.",
    ),
    (
        "-",
        "Саха\n\nДьон барыта бэйэ суолтатыгар уонна быраабыгар тэҥ буолан төрүүллэр. Кинилэр бары өркөн \
        өйдөөх, суобастаах буолан төрүүллэр, уонна бэйэ бэйэлэригэр тылга киирсиилээх, бырааттыы \
        сыһыаннаах буолуохтаахтар.",
    ),
    (
        "-",
        "Ирон\n\nАдӕймӕгтӕ се ппӕт дӕр райгуырынц сӕрибарӕй ӕмӕ ӕмхуызонӕй сӕ барты. Уыдон ӕххӕст сты зонд \
        ӕмӕ цӕсгомӕй, ӕмӕ кӕрӕдзийӕн хъуамӕ уой ӕфсымӕрты хуызӕн.",
    ),
];

/// Russian among Kazakh and Kyrgyz names, and its neighbours.
const SLAVIC: [(&str, &str); 8] = [
    (
        "ru",
        "Токаев выступил в Астане\n\nПрезидент Казахстана принял участие в форуме «Қазақстан халқы». По его \
        словам, это было важное решение, которое поможет жителям страны. Также он отметил, что \
        правительство уже выделило деньги на новые школы, чтобы дети могли учиться рядом с домом.",
    ),
    (
        "ru",
        "В Бишкеке\n\nЖурналисты издания «Кыргыз Туусу» и «Жаңы Үн» рассказали, что чиновники уже получили \
        письмо. Об этом сообщает агентство, которое первым узнало о решении суда. Они были задержаны во \
        вторник, но их уже отпустили домой.",
    ),
    (
        "ru",
        "Назначения\n\nПремьер Нұрлан Әбдіров и министр Қайрат Өтебаев встретились в Астане с акимом \
        Ғалымжан Жүнісов. В совещании участвовали Әлия Құрманова и Дәурен Сұлтанов, а также жители города. \
        Об этом сообщили на сайте ведомства, которое было создано в мае.",
    ),
    (
        "uk",
        "Нова школа\n\nУ Києві відкрили нову школу, її збудували за два роки. Про це повідомив міський \
        голова, який додав, що ґанок і двір також оновили. Ґрунт для саду привезли з Полтавщини, а ґудзики \
        діти шили самі.",
    ),
    (
        "bg",
        "Ново училище\n\nВ София беше открито ново училище, което ще приеме хиляда деца. Това съобщи \
        кметът, който добави, че сградата е построена със средства от общината и вече е готова.",
    ),
    (
        "be",
        "Новая школа\n\nУ Мінску адкрылі новую школу, якую будавалі два гады. Пра гэта паведаміў мэр \
        горада, ён дадаў, што дзеці ўжо могуць вучыцца побач з домам, і ўсе вельмі рады гэтаму.",
    ),
    (
        "sr",
        "Нова школа\n\nПредседник Владе Србије рекао је на седници да ће цене хране бити ниже. Он је додао \
        да је ово важно за све грађане и да ће нове мере почети да важе од понедељка, када ће бити \
        објављене у листу.",
    ),
    (
        "mk",
        "Ново училиште\n\nВо Скопје беше отворено ново училиште, кое ќе прими илјада деца. Ова го соопшти \
        градоначалникот, кој додаде дека зградата е изградена со средства на општината и дека веќе е \
        подготвена.",
    ),
];

/// Croatian, Serbian and Slovene in Latin letters; Bosnian, which has of both, is not told.
const LATIN: [(&str, &str); 7] = [
    (
        "sr",
        "Predsednik Vlade Srbije o cenama\n\nPredsednik Vlade Srbije rekao je na sednici da će cene hrane \
        biti niže. On je dodao da je ovo važno za sve građane i da će nove mere početi da važe od \
        ponedeljka. Opština će takođe saopštiti ko ima pravo na pomoć.",
    ),
    (
        "sr",
        "Vozači čekaju na granici\n\nNa graničnom prelazu vozila čekaju dva sata, saopštila je policija. U \
        poslednje vreme gužve su sve veće, a vozači kažu da niko ne zna šta se dešava. Oni zahtevaju da se \
        otvori još jedna traka pre nedelje.",
    ),
    (
        "hr",
        "Vlada o cijenama\n\nPredsjednik Vlade rekao je na sjednici da će cijene hrane biti niže. Dodao je \
        kako je to važno za sve građane te da će nove mjere početi vrijediti od ponedjeljka. Tko ima pravo \
        na pomoć, općina će priopćiti sljedeći tjedan.",
    ),
    (
        "hr",
        "Europska komisija objavila izvješće\n\nEuropska komisija objavila je u četvrtak izvješće o \
        gospodarstvu. Rast će biti veći nego što se očekivalo, a hrvatski sustav mirovina ostaje stabilan. \
        Tijekom siječnja zaposleno je više od tisuću ljudi, kažu iz županije.",
    ),
    (
        "-",
        "Predsjednik vlade o cijenama\n\nPredsjednik Vlade rekao je na sjednici da će cijene hrane biti \
        niže. Dodao je da je to važno za sve građane i da će nove mjere početi da važe od ponedjeljka. Ko \
        ima pravo na pomoć, općina će saopćiti sljedeće sedmice, a šta dalje, niko ne zna. Hiljade ljudi u \
        Evropi čekaju.",
    ),
    (
        "sl",
        "Nova šola v Ljubljani\n\nPredsednik vlade je na seji povedal, da bodo cene hrane nižje. Dodal je, \
        da je to pomembno za vse državljane in da bodo novi ukrepi začeli veljati od ponedeljka. Občina bo \
        tudi sporočila, kdo ima pravico do pomoči.",
    ),
    (
        "sl",
        "Na meji\n\nNa mejnem prehodu vozila čakajo dve uri, je sporočila policija. V zadnjem času so gneče \
        vse večje, vozniki pa pravijo, da nihče ne ve, kaj se dogaja. Zahtevajo, da se odpre še ena steza. \
        Minister Kovačić in župan Đurić sta bila tudi tam.",
    ),
];

fn language(text: &str) -> String {
    parsed(text).item.language.map_or_else(|| "-".into(), |language| language.to_string())
}

fn assert_told(articles: &[(&str, &str)]) {
    for (expected, text) in articles {
        assert_eq!(language(text), *expected, "{text}");
    }
}

#[test]
fn languages_that_the_detector_does_not_know_are_told_by_their_letters_and_words() {
    assert_told(&STRANGE);
}

#[test]
fn strange_letters_are_never_taken_for_a_language_that_lacks_them() {
    assert_told(&UNTOLD);
}

#[test]
fn slavic_articles_stay_told_among_foreign_names() {
    assert_told(&SLAVIC);
}

#[test]
fn croatian_and_serbian_in_latin_letters_are_told_apart_or_not_at_all() {
    assert_told(&LATIN);
}

/// Languages that share a script, or most letters, with one that the detector knows.
const NEIGHBOURS: [(&str, &str); 8] = [
    (
        "as",
        "গুৱাহাটীত নতুন বিদ্যালয়\n\nৰাজ্যৰ মুখ্যমন্ত্ৰীয়ে আজি গুৱাহাটীত এখন নতুন বিদ্যালয় উদ্বোধন কৰে। তেওঁ কয় যে চৰকাৰে শিক্ষাৰ বাবে অধিক ধন আবণ্টন দিব।",
    ),
    (
        "bn",
        "ঢাকায় নতুন বিদ্যালয়\n\nরাজধানীর মেয়র আজ ঢাকায় একটি নতুন বিদ্যালয় উদ্বোধন করেছেন। তিনি বলেন, সরকার শিক্ষার জন্য আরও অর্থ বরাদ্দ করবে। অসমের অতিথি ৰাজেন উপস্থিত ছিলেন।",
    ),
    (
        "ti",
        "ኣብ ኣስመራ ሓድሽ ቤት ትምህርቲ\n\nእቲ ሓድሽ ቤት ትምህርቲ ኣብ ኣስመራ ሎሚ ተኸፊቱ። ነቲ ወግዓዊ ስነ ስርዓት ዝመርሐ ሚኒስተር ናይ ትምህርቲ እዩ። ካብ ከተማ ዝመጹ ህጻናት ተሳቲፎም።",
    ),
    (
        "am",
        "በአዲስ አበባ አዲስ ትምህርት ቤት\n\nዛሬ በአዲስ አበባ አዲስ ትምህርት ቤት ተከፈተ። የትምህርት ሚኒስትሩ እንደተናገሩት መንግሥት ለትምህርት ተጨማሪ ገንዘብ ይመድባል። በዝግጅቱ ላይ ብዙ ሰዎች ተገኝተዋል።",
    ),
    (
        "-",
        "Ирон æвзаг\n\nАдæймæгтæ се ппæт дæр райгуырынц сæрибарæй æмæ æмхуызонæй сæ барты. Уыдон æххæст сты зонд \
        æмæ цæсгомæй, æмæ кæрæдзийæн хъуамæ уой æфсымæрты хуызæн.",
    ),
    (
        "fr",
        "Deux ex æquo\n\nLes habitants de la ville se demandent pourquoi les deux projets, classés ex æquo, ont été négligés \
        si longtemps par les autorités. Et cætera, dit le maire.",
    ),
    (
        "-",
        "Ilé-ìwé tuntun ní Ìbàdàn\n\nGómìnà ìpínlẹ̀ Ọ̀yọ́ ti ṣí ilé-ìwé tuntun kan ní Ìbàdàn lónìí. Ó sọ pé ìjọba yóò ṣe \
        ìrànlọ́wọ́ fún àwọn ọmọ ilé-ìwé, ṣùgbọ́n àwọn òbí gbọ́dọ̀ kọ́ wọn dáadáa. Ẹgbẹ́ àwọn olùkọ́ sọ pé inú wọn dùn.",
    ),
    (
        "vi",
        "Trường mới\n\nSáng nay thành phố đã mở một trường học mới. Thị trưởng nói rằng việc này rất quan trọng với người dân.",
    ),
];

#[test]
fn languages_that_share_a_script_are_not_taken_for_the_best_known_one() {
    assert_told(&NEIGHBOURS);
}

#[test]
fn names_in_latin_letters_do_not_decide_the_language() {
    for (expected, text) in [
        (
            &["el"][..],
            "Νέο iPhone\n\nΗ Apple παρουσίασε το iPhone 16 Pro με επεξεργαστή A18 Pro και iOS 18, που θα ανταγωνιστεί το Samsung \
             Galaxy S24 Ultra και το Google Pixel 9 Pro.",
        ),
        (
            &["ru", "-"],
            "Номинанты Golden Globes 2024\n\nВ список вошли Oppenheimer, Barbie, Killers of the Flower Moon, Poor Things, Past \
             Lives и Anatomy of a Fall, а Christopher Nolan стал лучшим режиссером.",
        ),
        (
            &["ar", "-"],
            "جوائز Golden Globes\n\nضمت القائمة Oppenheimer و Barbie و Killers of the Flower Moon و Poor Things و Anatomy of a \
             Fall وفاز Christopher Nolan بجائزة أفضل مخرج في هذا العام.",
        ),
        (
            &["el"],
            "Το Netflix\n\nΟι σειρές Stranger Things, The Crown, House of Cards και Black Mirror της πλατφόρμας Netflix.",
        ),
    ] {
        assert!(expected.contains(&language(text).as_str()), "{}: {text}", language(text));
    }
}

#[test]
fn russian_is_told_by_letters_that_its_neighbours_lack() {
    assert_told(&[(
        "ru",
        "Курс доллара\n\nКурс доллара на Московской бирже вырос до 95 рублей. Евро подорожал до 104 рублей.",
    )]);
}
