//! The rules of RFC 4287 for Atom documents, written from its text.

use std::collections::HashSet;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// An element as a tree.
#[derive(Debug, Default)]
pub(crate) struct Element {
    pub(crate) name: String,
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) text: String,
    pub(crate) children: Vec<Self>,
}

impl Element {
    fn open(tag: &BytesStart<'_>) -> Self {
        let attributes = tag.attributes().map(|attribute| {
            let attribute = attribute.expect("a legal attribute");
            let value = quick_xml::escape::unescape(&attribute.value).expect("legal references").into_owned();
            (attribute.key.as_ref().to_owned(), value)
        });
        Self { name: tag.name().as_ref().to_owned(), attributes: attributes.collect(), ..Self::default() }
    }

    pub(crate) fn parse(document: &str) -> Self {
        let mut reader = Reader::from_str(document);
        let mut open = vec![Self::default()];
        loop {
            match reader.read_event().expect("well-formed") {
                Event::Start(tag) => open.push(Self::open(&tag)),
                Event::Empty(tag) => open.last_mut().expect("a parent").children.push(Self::open(&tag)),
                Event::End(_) => {
                    let closed = open.pop().expect("an open element");
                    open.last_mut().expect("a parent").children.push(closed);
                }
                Event::Text(text) => open.last_mut().expect("a parent").text.push_str(&text),
                Event::GeneralRef(name) => {
                    let resolved = quick_xml::escape::unescape(&format!("&{};", &*name)).expect("legal").into_owned();
                    open.last_mut().expect("a parent").text.push_str(&resolved);
                }
                Event::CData(text) => open.last_mut().expect("a parent").text.push_str(&text),
                Event::Eof => break,
                _ => {}
            }
        }
        open.pop().expect("the document").children.pop().expect("a root")
    }

    pub(crate) fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a Self> + use<'a> {
        let name = name.to_owned();
        self.children.iter().filter(move |child| child.name == name)
    }

    fn one<'a>(&'a self, name: &str) -> &'a Self {
        let found: Vec<_> = self.all(name).collect();
        assert_eq!(found.len(), 1, "{} has exactly one {name}: {self:?}", self.name);
        found[0]
    }

    fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }
}

/// Fails where the document breaks a rule.
pub(crate) fn assert_atom_rules(document: &[u8], entries: usize) {
    let feed = Element::parse(std::str::from_utf8(document).expect("UTF-8"));
    assert_eq!((feed.name.as_str(), feed.attribute("xmlns")), ("feed", Some("http://www.w3.org/2005/Atom")));
    // §4.1.1
    for name in ["id", "title", "updated"] {
        feed.one(name);
    }
    for name in ["generator", "icon", "logo", "rights", "subtitle"] {
        assert!(feed.all(name).count() <= 1, "{name}");
    }
    assert_common(&feed);
    let own: Vec<_> = feed.all("link").filter(|link| link.attribute("rel") == Some("self")).collect();
    assert_eq!(own.len(), 1, "a feed names its own address once");
    assert_eq!(feed.all("entry").count(), entries);
    // Appendix B
    let first = feed.children.iter().position(|child| child.name == "entry").unwrap_or(feed.children.len());
    assert!(feed.children[first..].iter().all(|child| child.name == "entry"), "entries come last");
    let mut ids = HashSet::new();
    for entry in feed.all("entry") {
        // §4.1.2
        for name in ["id", "title", "updated"] {
            entry.one(name);
        }
        for name in ["content", "published", "rights", "source", "summary"] {
            assert!(entry.all(name).count() <= 1, "{name}");
        }
        assert!(entry.all("author").count() + feed.all("author").count() > 0);
        assert!(entry.all("link").any(|link| link.attribute("rel") == Some("alternate")));
        assert!(ids.insert(&entry.one("id").text), "ids are unique");
        assert_common(entry);
    }
    // RFC 6721 §3
    for gone in feed.all("at:deleted-entry") {
        assert_date(gone.attribute("when").expect("when"));
        assert!(!ids.contains(&gone.attribute("ref").expect("ref").to_owned()));
    }
}

fn assert_common(element: &Element) {
    // §4.2.6: an absolute IRI; §3.3: dates.
    assert!(url::Url::parse(&element.one("id").text).is_ok());
    assert_date(&element.one("updated").text);
    element.all("published").for_each(|published| assert_date(&published.text));
    // §3.1.1: text and html hold no child elements.
    for name in ["title", "summary", "content"] {
        for text in element.all(name) {
            assert!(text.children.is_empty());
            assert!(matches!(text.attribute("type"), None | Some("text" | "html")));
        }
    }
    // §3.2: a person has one name that says something.
    for person in element.all("author") {
        assert!(!person.one("name").text.is_empty());
    }
    // §4.2.2, §4.2.7
    element.all("category").for_each(|category| assert!(category.attribute("term").is_some()));
    let mut alternates = HashSet::new();
    for link in element.all("link") {
        assert!(url::Url::parse(link.attribute("href").expect("href")).is_ok());
        if link.attribute("rel") == Some("alternate") {
            assert!(alternates.insert((link.attribute("type"), link.attribute("hreflang"))));
        }
    }
}

/// §3.3: RFC 3339 with upper-case T and Z.
fn assert_date(text: &str) {
    assert!(chrono::DateTime::parse_from_rfc3339(text).is_ok(), "{text}");
    assert!(!text.contains(|c: char| c.is_ascii_lowercase() || c.is_whitespace()), "{text}");
}
