//! Whole feed documents.

use std::sync::Arc;

use seedcast::feed::{Format, write};

use crate::feed_samples::{everything, plain, sample, site, view};

#[test]
fn same_view_gives_the_same_bytes() {
    let (site, feed) = (site(), everything());
    let items = [Arc::new(sample()), Arc::new(plain())];
    for format in Format::ALL {
        let view = view(&site, &feed, &items);
        assert_eq!(write(&view, format).unwrap(), write(&view, format).unwrap());
    }
}
