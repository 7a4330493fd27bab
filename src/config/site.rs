//! Section `[site]`.

use super::check::{Check, visible};
use super::raw::RawSite;
use super::{ConfigError, Site};

pub(super) fn settings(check: &Check<'_>, site: RawSite) -> Result<Site, ConfigError> {
    Ok(Site {
        title: check.title("site.title", &site.title)?,
        description: visible(site.description),
        icon: check.icon(&site.icon)?,
        base_url: check.base_url(&site.base_url)?,
        language: check.language("site.language", &site.language)?,
        time_zone: check.zone("site.time_zone", &site.time_zone)?,
        author: visible(site.author),
        tag_authority: check.tag_authority(&site.tag_authority)?,
    })
}

impl Check<'_> {
    fn base_url(&self, text: &str) -> Result<Option<String>, ConfigError> {
        if text.is_empty() {
            return Ok(None);
        }
        let expected =
            "an absolute http or https URL without query, fragment or user, such as \"https://example.org/news\"";
        let wrong = || self.wrong("site.base_url", expected, format!("\"{text}\""));
        let url = url::Url::parse(text).map_err(|_| wrong())?;
        let is_plain = matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        if !is_plain {
            return Err(wrong());
        }
        Ok(Some(url.as_str().trim_end_matches('/').to_owned()))
    }

    fn icon(&self, text: &str) -> Result<Option<String>, ConfigError> {
        if text.is_empty() {
            return Ok(None);
        }
        let expected = "an absolute http or https URL without user, such as \"https://example.org/icon.png\"";
        let wrong = || self.wrong("site.icon", expected, format!("\"{text}\""));
        let url = url::Url::parse(text).map_err(|_| wrong())?;
        let is_plain = matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none();
        if is_plain { Ok(Some(url.into())) } else { Err(wrong()) }
    }

    fn tag_authority(&self, text: &str) -> Result<Option<String>, ConfigError> {
        if text.is_empty() {
            return Ok(None);
        }
        // RFC 4151 §2.1: authorityName "," date, the date as YYYY, YYYY-MM or YYYY-MM-DD.
        let is_right = text.split_once(',').is_some_and(|(name, date)| {
            let is_name = !name.is_empty()
                && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.@_".contains(&b));
            let shape: String = date.chars().map(|c| if c.is_ascii_digit() { '9' } else { c }).collect();
            is_name && ["9999", "9999-99", "9999-99-99"].contains(&shape.as_str())
        });
        if is_right {
            return Ok(Some(text.to_owned()));
        }
        Err(self.wrong("site.tag_authority", "\"domain,date\", such as \"example.org,2026\"", format!("\"{text}\"")))
    }
}
