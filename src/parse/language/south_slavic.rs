//! Croatian and Serbian in Latin letters.
//!
//! The detector knows Serbian in Cyrillic letters only, and takes it, and Bosnian, for Croatian.

use super::words;

/// Signs with which the language is taken to be clear.
const CLEAR: usize = 3;
/// How many times as many it must have as the other.
const LEAD: usize = 3;

/// Words that only Croatian has. A star stands for any ending.
const CROATIAN: &str = "tko netko nitko svatko tijekom tisuć* europsk* europi europu priopć* izvješć* tjedan tjedn* siječnj* veljač* \
    ožujk* travnja travnju svibnj* lipnj* srpnj* rujna rujnu listopad* studenog* prosinc* glede ravnatelj* \
    povijes* stoljeć* znanost* znanstven* tvrtke tvrtki tvrtku tvrtkama sveučiliš* natječaj* glazb* županij* \
    redatelj* gospodarst* suradn* surađ* sustav* nazočn* promidžb* putovnic* kazališ* vlak vlaka vlakom vlakov* natjecanj* \
    čimbenik* dužnosnik* skladatelj* vjerojatn* postrojb* obitelj* ljekarn*";

/// Forms with `ije` and `je` that Croatian and Bosnian have, and Serbian in print has not.
const WITH_IJE: &str = "prije poslije uvijek vrijeme vrijedn* cijen* dijete djetet* djec* dijel* riječ* svijet* svjet* mjest* mjesn* \
    vijest* vijeć* dvije obje rješenj* promjen* uspje* primjer* gdje ovdje negdje nigdje ponedjelj* nedjelj* \
    posljed* sljede* čovjek* djevojk* lijep* lijev* bijeli bijele mlijek* cijel* mjer* smjer* savjet* zamjen* \
    izvijest* izvještaj* zahtjev* vidje* željel* željezni* htje* odjel* razumije* dospje* prijedlog* predjel* \
    predsjedni* ljet* pjev* pjes* sjedn* sjever* vjer* ocjen* djel* liječ* lijek* sprije* podijel* primijen* \
    dodijel* htio volio dio snijeg* tijel* stijen* zvijezd* nasljed* naslijed* susjed* općin* opći uvjet* \
    nogomet*";

/// Words that only Serbian has, of the two, with `e` alone where Croatian has `ije` and `je`.
const WITH_E: &str = "pre posle uvek vreme vredn* cene cena cenu cenama dete dece deca deci deo delova delu reč reči rečima \
    svetsk* mesto mesta mestu mestima vest vesti vestima dve obe rešenj* promene promena promenu promeni \
    promenama promenio promenil* uspeh* uspeo uspel* uspeš* primer primera gde ovde negde nigde ponedelj* \
    nedelj* poslednj* sledeć* čovek* devojk* lep lepo lepa mleko mleka ceo cela celog celu mera mere meru smer* \
    savet* zamen* izvestio izvestil* izveštaj* zahtev* videt* videl* želel* želeo hteo htel* odeljenj* razume* \
    predlog* letos peva* pesm* sednic* predsedni* sever severa severu severn* veruj* ocen* delov* lečen* lek \
    lekar* spreči* podel* primen* dodel* sneg* reke reku telo tela zvezd* nasled* sused* obezbe* obavešt* vek \
    veka veku zabelež* smešt* pobed* bezbed* živel* hleb* smen* menja*";

/// Words that Serbian and Bosnian have, and Croatian has not.
const EASTERN: &str = "ko niko šta takođe saopšt* opštin* opšt* hiljad* evro evra evrop* istorij* avgust* januar* februar* \
    septembr* oktobr* novembr* decembr* uslov* fudbal* voz vozova univerzitet* vazdu* pozorišt* hemij* \
    organizov* učestvov* učesni* saradn* sarađ* zvanič* sedmic* fabrik* sopstven* hirur* preduzeć* juče";

/// The language of a text that the detector takes for Croatian.
pub(super) fn language(text: &str) -> Option<&'static str> {
    let folded = text.to_lowercase();
    let [croatian, with_ije, with_e, eastern] =
        [CROATIAN, WITH_IJE, WITH_E, EASTERN].map(|signs| count(&folded, signs));
    let (western, serbian) = (croatian + with_ije, with_e + eastern);
    // Bosnian has the forms, and words of the other side among them.
    if croatian > eastern && western >= CLEAR && western >= serbian * LEAD {
        return Some("hr");
    }
    // Slovene has many of the same words with `e`, and neither of these letters.
    let is_serbian = with_e > 1 && serbian >= CLEAR && serbian >= western * LEAD && folded.contains(['ć', 'đ']);
    is_serbian.then_some("sr")
}

fn count(folded: &str, signs: &str) -> usize {
    words(folded).filter(|word| signs.split_whitespace().any(|sign| is_sign(word, sign))).count()
}

fn is_sign(word: &str, sign: &str) -> bool {
    match sign.strip_suffix('*') {
        Some(start) => word.starts_with(start),
        None => word == sign,
    }
}
