//! GET and HEAD: which resource is at a path.

use std::sync::Arc;

use hyper::StatusCode;

use super::super::reply::Reply;
use super::super::served::Served;
use super::super::target::{canonical, is_sound};
use super::delta::Delta;
use super::{Plan, Request, Waiting};

impl<'a> Request<'a> {
    /// What is at the path:
    ///
    /// 1. Live documents: nearly every request is for one of them.
    /// 2. The hub, which is not for reading, and the few names that are the same everywhere.
    /// 3. Whatever took the place of a path.
    /// 4. Pages on demand, which are kept, and forgotten when they change, under one address each.
    ///
    /// A path that begins with the base path is looked for without that first, at each of these: as such it is the address
    /// that the site's own links have. Only where nothing is there it may be one whose base path a proxy has taken off.
    pub(super) fn read(&mut self) -> Plan {
        let path = self.head.path;
        if let Some(plan) = self.published(path) {
            return plan;
        }
        if let Some(whole) = self.whole
            && let Some(plan) = self.published(whole)
        {
            return plan;
        }
        if let Some(reply) = self.named(path) {
            return Plan::Reply(reply);
        }
        self.take_whole_for_hub();
        if self.is_endpoint {
            return Plan::Reply(Reply::not_allowed(self.methods()));
        }
        if let Some(to) = self.readings().find_map(|path| self.moved(path)) {
            return Plan::Reply(self.redirect(&to));
        }
        if path.contains("//") || path == "*" {
            let pages = &self.settings.absence;
            return Plan::Reply(Reply::absence(StatusCode::NOT_FOUND, pages, self.head.accepts_html()));
        }
        // However the base path is written where it was found: the site's own links may have it so.
        if canonical(path).is_some()
            && let Some(whole) = canonical(self.whole.unwrap_or(path))
        {
            return self.spelled(whole);
        }
        if let Some(document) = self.state.rendered.at_hand(path) {
            return Plan::Reply(self.paid(self.asked.reply(&document, self.now)));
        }
        self.rendering(|request| {
            let is_address = |whole: &&str| is_sound(whole) && !whole.contains("//") && canonical(whole).is_none();
            let whole = request.whole.filter(is_address);
            Waiting::rendering(request, whole.map(str::to_owned))
        })
    }

    /// The readings of the path in the order of their right.
    fn readings(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.head.path).chain(self.whole)
    }

    fn published(&mut self, path: &'a str) -> Option<Plan> {
        let document = self.state.parts.published.document(path)?;
        self.head.path = path;
        Some(document.map_or_else(|| Plan::Reply(Reply::unavailable()), |document| self.live(&document)))
    }

    fn named(&self, path: &str) -> Option<Reply> {
        Some(match path {
            "/livez" => Reply::text(StatusCode::OK, "ok\n"),
            "/readyz" => self.readiness(),
            "/robots.txt" => Reply::text(StatusCode::OK, "User-agent: *\nDisallow:\n").kept_for_a_day(),
            "/favicon.ico" => Reply::status(StatusCode::NO_CONTENT).kept_for_a_day(),
            _ => return None,
        })
    }

    /// The way to the one spelling of a path that was written otherwise (RFC 3986 §6.2.2). The base path is looked for in
    /// that, since it too may have been written otherwise.
    fn spelled(&self, whole: String) -> Plan {
        let Some(path) = self.current.below(&whole).map(str::to_owned) else {
            return Plan::Reply(self.redirect(&whole));
        };
        let readings = [&path, &whole];
        let is_live = |path: &&&String| self.state.parts.published.slot(path).is_some();
        let found = readings.iter().find(is_live).copied().or_else(|| self.named(&path).map(|_| &path)).cloned();
        match found.or_else(|| readings.iter().find_map(|path| self.moved(path))) {
            Some(to) => Plan::Reply(self.redirect(&to)),
            // Which reading is right shows only in the page.
            None => self.rendering(|request| Waiting::spelling(request, path, whole)),
        }
    }

    /// Whether it is a 304, which is free, shows only in the page: whoever has a copy pays when it is made.
    fn rendering(&self, wait: impl FnOnce(&Self) -> Waiting) -> Plan {
        let taken = if self.asked.preconditions.is_poll() { self.take_trial() } else { self.take() };
        match taken {
            Ok(()) => Plan::Wait(Box::new(wait(self))),
            Err(wait) => Plan::Reply(Reply::too_many(wait)),
        }
    }

    /// The document, or what is new in it for a client that asks for that.
    fn live(&self, document: &Arc<Served>) -> Plan {
        let asked = &self.asked;
        let whole = asked.reply(document, self.now);
        let Some(delta) = Delta::asked(asked, &self.head, document, &whole) else {
            return Plan::Reply(self.paid(whole));
        };
        if let Some(made) = self.state.rendered.at_hand(&delta.key()) {
            return Plan::Reply(self.paid(asked.delta(&delta, &made).unwrap_or(whole)));
        }
        match self.take() {
            Ok(()) => Plan::Wait(Box::new(Waiting::delta(self, delta, whole))),
            Err(wait) => Plan::Reply(Reply::too_many(wait)),
        }
    }

    /// The path that took this one's place: where feeds are often looked for, or the same with or without its last slash.
    fn moved(&self, path: &str) -> Option<String> {
        let other = match path {
            "/feed" | "/feed/" | "/rss" | "/index.xml" | "/feed.xml" => return Some("/rss.xml".to_owned()),
            "/atom" => return Some("/atom.xml".to_owned()),
            _ => match path.strip_suffix('/') {
                Some(shorter) => shorter.to_owned(),
                None => format!("{path}/"),
            },
        };
        self.state.parts.published.slot(&other).map(|_| other)
    }

    fn redirect(&self, to: &str) -> Reply {
        Reply::redirect(to, &self.settings.base_path, self.head.query)
    }

    pub(super) fn readiness(&self) -> Reply {
        let reasons = self.state.parts.readiness.reasons_not_ready();
        if reasons.is_empty() {
            return Reply::text(StatusCode::OK, "ready\n");
        }
        Reply::text(StatusCode::SERVICE_UNAVAILABLE, reasons.join("\n") + "\n").with("Retry-After", "5")
    }
}
