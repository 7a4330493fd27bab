//! What stands in the way of readiness.

use seedcast::ops::{Degraded, Health};

#[test]
fn documents_are_right_again_only_when_every_one_is() {
    let health = Health::default();
    health.set_scanned();
    assert!(health.degrade_one(Degraded::Document, "/atom.xml", "one"));
    assert!(health.degrade_one(Degraded::Document, "/feeds/a/atom.xml", "other"));
    assert!(!health.degrade_one(Degraded::Document, "/atom.xml", "one"), "no news");
    assert_eq!(health.reasons(), ["one", "other"]);
    assert!(!health.restore_one(Degraded::Document, "/rss.xml"), "was never wrong");
    assert!(!health.restore_one(Degraded::Document, "/atom.xml"), "another one still is");
    assert!(health.is_degraded(Degraded::Document));
    assert!(health.restore_one(Degraded::Document, "/feeds/a/atom.xml"));
    assert_eq!(health.reasons(), Vec::<String>::new());
}

#[test]
fn what_is_right_again_takes_all_its_reasons_with_it() {
    let health = Health::default();
    health.degrade(Degraded::Store, "full");
    health.degrade_one(Degraded::Document, "/atom.xml", "one");
    health.degrade_one(Degraded::Document, "/rss.xml", "other");
    assert!(health.restore(Degraded::Document));
    assert!(!health.restore(Degraded::Document));
    assert_eq!(health.first_degraded().as_deref(), Some("full"));
}
