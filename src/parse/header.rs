//! The header line: ` date 2024-11 https://site.example/20241101/slug-1089925937.html`.

/// What the header line says. Its parts are as written, unchecked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Header<'a> {
    /// Year and month of the crawl.
    pub(super) month: Option<(i32, u32)>,
    /// Where the article lives.
    pub(super) url: Option<&'a str>,
}

/// Reads a line as the header: the word `date`, then a month, a URL, or both, and nothing else.
pub(super) fn read(line: &str) -> Option<Header<'_>> {
    let mut words = line.split_whitespace();
    if !words.next()?.eq_ignore_ascii_case("date") {
        return None;
    }
    let mut word = words.next()?;
    let mut header = Header::default();
    let has_month = is_month(word);
    if has_month {
        header.month = word[..4].parse().ok().zip(word[5..].parse().ok());
        match words.next() {
            Some(next) => word = next,
            None => return Some(header),
        }
    }
    let rest = &line[word.as_ptr() as usize - line.as_ptr() as usize..];
    let is_url = word.contains("://") || (has_month && words.next().is_none());
    is_url.then(|| {
        header.url = Some(rest.trim());
        header
    })
}

/// `2024-11`, whether or not there is such a month.
fn is_month(word: &str) -> bool {
    let bytes = word.as_bytes();
    bytes.len() == 7 && bytes.iter().enumerate().all(|(at, b)| if at == 4 { *b == b'-' } else { b.is_ascii_digit() })
}
