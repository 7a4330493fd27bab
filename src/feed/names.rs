//! What people call what machines call otherwise: languages and hosts.

use std::borrow::Cow;

/// Tags of the languages that are detected, in their order, and what each calls itself.
#[rustfmt::skip]
const LANGUAGES: [(&str, &str); 75] = [
    ("af", "Afrikaans"), ("ak", "Akan"), ("am", "አማርኛ"), ("ar", "العربية"), ("az", "Azərbaycanca"),
    ("ba", "Башҡортса"), ("be", "Беларуская"), ("bg", "Български"), ("bn", "বাংলা"), ("ca", "Català"),
    ("cs", "Čeština"), ("cy", "Cymraeg"), ("da", "Dansk"), ("de", "Deutsch"), ("el", "Ελληνικά"),
    ("en", "English"), ("eo", "Esperanto"), ("es", "Español"), ("et", "Eesti"), ("fa", "فارسی"),
    ("fi", "Suomi"), ("fr", "Français"), ("gu", "ગુજરાતી"), ("he", "עברית"), ("hi", "हिन्दी"),
    ("hr", "Hrvatski"), ("hu", "Magyar"), ("hy", "Հայերեն"), ("id", "Bahasa Indonesia"), ("it", "Italiano"),
    ("ja", "日本語"), ("jv", "Basa Jawa"), ("ka", "ქართული"), ("kk", "Қазақша"), ("km", "ខ្មែរ"),
    ("kn", "ಕನ್ನಡ"), ("ko", "한국어"), ("ky", "Кыргызча"), ("la", "Latina"), ("lt", "Lietuvių"),
    ("lv", "Latviešu"), ("mk", "Македонски"), ("ml", "മലയാളം"), ("mn", "Монгол"), ("mr", "मराठी"),
    ("my", "မြန်မာ"), ("nb", "Norsk bokmål"), ("ne", "नेपाली"), ("nl", "Nederlands"), ("or", "ଓଡ଼ିଆ"),
    ("pa", "ਪੰਜਾਬੀ"), ("pl", "Polski"), ("pt", "Português"), ("ro", "Română"), ("ru", "Русский"),
    ("si", "සිංහල"), ("sk", "Slovenčina"), ("sl", "Slovenščina"), ("sn", "chiShona"), ("sr", "Српски"),
    ("sv", "Svenska"), ("ta", "தமிழ்"), ("te", "తెలుగు"), ("th", "ไทย"), ("tk", "Türkmençe"),
    ("tl", "Tagalog"), ("tr", "Türkçe"), ("tt", "Татарча"), ("uk", "Українська"), ("ur", "اردو"),
    ("uz", "Oʻzbekcha"), ("vi", "Tiếng Việt"), ("yi", "ייִדיש"), ("zh", "中文"), ("zu", "isiZulu"),
];

/// The language's own name (`Türkçe` for `tr`, `Português (BR)` for `pt-BR`); the tag where it is none that is detected.
pub(super) fn of_language(tag: &str) -> Cow<'_, str> {
    let (primary, rest) = tag.split_once('-').unwrap_or((tag, ""));
    match LANGUAGES.binary_search_by_key(&primary, |&(tag, _)| tag) {
        Ok(at) if rest.is_empty() => Cow::Borrowed(LANGUAGES[at].1),
        Ok(at) => Cow::Owned(format!("{} ({rest})", LANGUAGES[at].1)),
        Err(_) => Cow::Borrowed(tag),
    }
}

/// A host in its own letters (`bücher.example` for `xn--bcher-kva.example`).
pub(super) fn of_host(host: &str) -> Cow<'_, str> {
    if !host.contains("xn--") {
        return Cow::Borrowed(host);
    }
    let name = url::quirks::domain_to_unicode(host);
    if name.is_empty() { Cow::Borrowed(host) } else { Cow::Owned(name) }
}
