//! Whether a document is well-formed, read as a stranger would read it.
//!
//! A scanner of its own rather than quick-xml: that one accepts illegal characters, and reports every reference as an
//! event, which made checking an Atom document, whose text is full of them, three times as dear as writing it.

use super::{first_illegal, is_legal};

/// What is wrong with a document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("byte {at}: {reason}")]
pub struct Fault {
    /// Byte offset of the fault, or of the markup that has it.
    pub at: usize,
    /// What was found.
    pub reason: String,
}

/// Checks UTF-8, legal characters, one root, matching tags, declared prefixes, quoted and unique attributes, known
/// references (XML 1.0 §2, Namespaces in XML 1.0 §5). Stricter than XML in what feeds have no use for: a document type
/// declaration, processing instructions, and references other than the five predefined ones and those by number.
///
/// # Errors
///
/// The first fault.
pub fn check(document: &[u8]) -> Result<(), Fault> {
    let text = std::str::from_utf8(document)
        .map_err(|error| Fault { at: error.valid_up_to(), reason: "not UTF-8".to_owned() })?;
    if let Some(at) = first_illegal(text) {
        let code = text[at..].chars().next().map_or(0, u32::from);
        return Err(Fault { at, reason: format!("character U+{code:04X} is not legal in XML") });
    }
    let mut scanner = Scanner { text, at: 0, open: Vec::new(), prefixes: vec!["xml"], has_root: false };
    scanner.run().map_err(|reason| Fault { at: scanner.at, reason })
}

struct Scanner<'a> {
    text: &'a str,
    /// Everything before this byte is right.
    at: usize,
    /// Names of the elements around `at`.
    open: Vec<&'a str>,
    /// Declared so far. Scopes are not followed: a document of ours declares all of them on its root.
    prefixes: Vec<&'a str>,
    has_root: bool,
}

impl<'a> Scanner<'a> {
    fn run(&mut self) -> Result<(), String> {
        while let Some(found) = memchr::memchr3(b'<', b'&', b']', self.rest().as_bytes()) {
            if self.open.is_empty() {
                self.only_space(found)?;
            }
            self.at += found;
            match self.text.as_bytes()[self.at] {
                b'<' => self.markup()?,
                _ if self.open.is_empty() => return Err("text outside the root element".to_owned()),
                b'&' => self.at += 1 + reference(&self.rest()[1..])?,
                _ if self.rest().starts_with("]]>") => return Err("`]]>` in text".to_owned()),
                _ => self.at += 1,
            }
        }
        match self.open.last() {
            Some(name) => Err(format!("ends inside the element `{name}`")),
            None if !self.has_root => Err("no root element".to_owned()),
            None => self.only_space(self.rest().len()),
        }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn only_space(&self, length: usize) -> Result<(), String> {
        let is_space = self.rest()[..length].bytes().all(|byte| byte.is_ascii_whitespace());
        if is_space { Ok(()) } else { Err("text outside the root element".to_owned()) }
    }

    fn markup(&mut self) -> Result<(), String> {
        let rest = self.rest();
        if let Some(after) = rest.strip_prefix("</") {
            let name = &after[..after.find('>').ok_or("an end tag without end")?];
            match self.open.pop() {
                Some(open) if open == name.trim_ascii_end() => {}
                Some(open) => return Err(format!("`</{name}>` where `</{open}>` was expected")),
                None => return Err(format!("`</{name}>` ends nothing")),
            }
            self.at += "</>".len() + name.len();
            Ok(())
        } else if let Some(after) = rest.strip_prefix("<![CDATA[") {
            if self.open.is_empty() {
                return Err("text outside the root element".to_owned());
            }
            self.skip(after, "]]>", "a CDATA section without end").map(drop)
        } else if let Some(after) = rest.strip_prefix("<!--") {
            let comment = self.skip(after, "-->", "a comment without end")?;
            if comment.contains("--") || comment.ends_with('-') { Err("`--` in a comment".to_owned()) } else { Ok(()) }
        } else if let Some(after) = rest.strip_prefix("<?") {
            let instruction = self.skip(after, "?>", "a processing instruction without end")?;
            let is_first = self.at == "<??>".len() + instruction.len();
            if is_first && is_declaration(instruction) { Ok(()) } else { Err(format!("`<?{instruction}?>`")) }
        } else if rest.starts_with("<!") {
            Err("a document type declaration".to_owned())
        } else {
            self.start_tag()
        }
    }

    /// Goes behind `end`; gives what stands before it.
    fn skip(&mut self, after: &'a str, end: &str, missing: &str) -> Result<&'a str, String> {
        let length = memchr::memmem::find(after.as_bytes(), end.as_bytes()).ok_or(missing)?;
        self.at = self.text.len() - after.len() + length + end.len();
        Ok(&after[..length])
    }

    fn start_tag(&mut self) -> Result<(), String> {
        let (name, mut rest) = name(&self.rest()[1..])?;
        let mut attributes: Vec<&str> = Vec::new();
        let is_empty = loop {
            let trimmed = rest.trim_ascii_start();
            if let Some(after) = trimmed.strip_prefix('>') {
                rest = after;
                break false;
            }
            if let Some(after) = trimmed.strip_prefix("/>") {
                rest = after;
                break true;
            }
            if trimmed.len() == rest.len() {
                return Err(format!("no space before an attribute of `{name}`"));
            }
            let (attribute, after) = self::name(trimmed)?;
            let after =
                after.trim_ascii_start().strip_prefix('=').ok_or("an attribute without value")?.trim_ascii_start();
            let quote =
                after.chars().next().filter(|c| matches!(c, '"' | '\'')).ok_or("an attribute without quotes")?;
            let (value, after) = after[1..].split_once(quote).ok_or("an attribute without end")?;
            check_value(value)?;
            if attribute.starts_with("xmlns:") && value.is_empty() {
                return Err(format!("`{attribute}` names no namespace"));
            }
            if attributes.contains(&attribute) {
                return Err(format!("the attribute `{attribute}` twice"));
            }
            attributes.push(attribute);
            rest = after;
        };
        self.prefixes.extend(attributes.iter().filter_map(|attribute| attribute.strip_prefix("xmlns:")));
        let qualified = attributes.iter().filter(|attribute| !attribute.starts_with("xmlns:")).chain([&name]);
        for prefix in qualified.filter_map(|name| name.split_once(':')).map(|(prefix, _)| prefix) {
            if !self.prefixes.contains(&prefix) {
                return Err(format!("the prefix `{prefix}` is not declared"));
            }
        }
        if self.open.is_empty() && std::mem::replace(&mut self.has_root, true) {
            return Err("a second root element".to_owned());
        }
        if !is_empty {
            self.open.push(name);
        }
        self.at = self.text.len() - rest.len();
        Ok(())
    }
}

/// Whether this is the XML declaration of a document in UTF-8, as our writers write it.
fn is_declaration(instruction: &str) -> bool {
    matches!(
        instruction.to_ascii_lowercase().as_str(),
        r#"xml version="1.0""# | r#"xml version="1.0" encoding="utf-8""#
    )
}

/// Splits off the name at the start. Letters beyond ASCII are let through unseen: our names have none.
fn name(text: &str) -> Result<(&str, &str), String> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ':') || !c.is_ascii();
    let (name, rest) = text.split_at(text.find(|c| !is_name(c)).unwrap_or(text.len()));
    let is_part = |part: &str| part.starts_with(|c: char| c == '_' || c.is_ascii_alphabetic() || !c.is_ascii());
    if !name.split(':').all(is_part) || name.split(':').count() > 2 {
        return Err("`<` that begins no tag, or an attribute without name".to_owned());
    }
    Ok((name, rest))
}

fn check_value(value: &str) -> Result<(), String> {
    if value.contains('<') {
        return Err("`<` in an attribute".to_owned());
    }
    let mut rest = value;
    while let Some(at) = rest.find('&') {
        rest = &rest[at + 1..];
        rest = &rest[reference(rest)?..];
    }
    Ok(())
}

/// Length of the reference after its `&`, with the semicolon. Only the five that every reader knows, and legal
/// characters by number.
fn reference(after: &str) -> Result<usize, String> {
    /// As much as any of them needs, leading zeros included.
    const LONGEST: usize = 12;
    let length = after.bytes().take(LONGEST).position(|byte| byte == b';').ok_or("a bare `&`")?;
    let name = &after[..length];
    let is_known = match name.strip_prefix('#') {
        None => matches!(name, "amp" | "lt" | "gt" | "quot" | "apos"),
        Some(number) => {
            let (digits, radix) = number.strip_prefix('x').map_or((number, 10), |hex| (hex, 16));
            // A sign is no digit, though the parser takes one.
            digits.bytes().all(|byte| byte.is_ascii_hexdigit())
                && u32::from_str_radix(digits, radix).ok().and_then(char::from_u32).is_some_and(is_legal)
        }
    };
    if is_known { Ok(length + 1) } else { Err(format!("the reference `&{name};` is not legal")) }
}
