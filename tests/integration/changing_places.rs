//! Articles without URL whose files take one another's names: each keeps its id, however that is found out.

use std::collections::BTreeMap;
use std::fs;

use crate::ingest_desk::{Desk, clock, eventually_or};

const START: &str = "2024-06-01T00:00:00Z";

/// The ids by title, without the authority.
fn ids(desk: &Desk) -> BTreeMap<String, String> {
    let items = desk.items("/feed.json");
    let text = |item: &serde_json::Value, key: &str| item[key].as_str().unwrap().to_owned();
    items.iter().map(|item| (text(item, "title"), text(item, "id").rsplit_once(':').unwrap().1.to_owned())).collect()
}

fn expect(desk: &Desk, wanted: &[(&str, &str)]) {
    let wanted: BTreeMap<_, _> = wanted.iter().map(|(title, id)| ((*title).to_owned(), (*id).to_owned())).collect();
    eventually_or(|| (ids(desk) == wanted).then_some(()), || format!("{:?}", ids(desk)));
}

fn write(desk: &Desk, name: &str, title: &str) {
    desk.write(name, &format!("{title}\n\nWords of {title}.\n"));
}

fn rename(desk: &Desk, from: &str, to: &str) {
    fs::rename(desk.seeds().join(from), desk.seeds().join(to)).unwrap();
}

#[test]
fn a_rotation_while_the_service_is_down_is_told_by_the_files() {
    let mut desk = Desk::new(clock!(START), "");
    write(&desk, "latest.txt", "First");
    desk.open();
    let before = desk.items("/feed.json")[0].clone();
    desk.close();
    rename(&desk, "latest.txt", "archived.txt");
    write(&desk, "latest.txt", "Second");
    desk.pass_by(3600);
    desk.open();
    expect(&desk, &[("First", "latest.txt"), ("Second", "latest.txt?2")]);
    let first = desk.items("/feed.json").into_iter().find(|item| item["title"] == "First").unwrap();
    assert_eq!(first["date_published"], before["date_published"]);
    assert_eq!(first.get("date_modified"), before.get("date_modified"));
    desk.pass(60);
    desk.pass(60);
    expect(&desk, &[("First", "latest.txt"), ("Second", "latest.txt?2")]);
    assert!(!desk.text("/atom.xml").contains("deleted-entry"));
}

#[test]
fn a_chain_of_rotations_leaves_every_article_its_id() {
    let rotate = |desk: &Desk| {
        rename(desk, "2.txt", "3.txt");
        rename(desk, "1.txt", "2.txt");
        rename(desk, "latest.txt", "1.txt");
        write(desk, "latest.txt", "Newest");
    };
    for is_open in [true, false] {
        let mut desk = Desk::new(clock!(START), "");
        for (name, title) in [("2.txt", "Oldest"), ("1.txt", "Older"), ("latest.txt", "Old")] {
            write(&desk, name, title);
        }
        desk.open();
        let wanted = [("Oldest", "2.txt"), ("Older", "1.txt"), ("Old", "latest.txt"), ("Newest", "latest.txt?2")];
        expect(&desk, &wanted[..3]);
        if is_open {
            rotate(&desk);
        } else {
            desk.close();
            rotate(&desk);
            desk.open();
        }
        expect(&desk, &wanted);
        desk.pass(60);
        desk.pass(60);
        expect(&desk, &wanted);
        assert!(!desk.text("/atom.xml").contains("deleted-entry"), "nothing was withdrawn in between");
    }
}

#[test]
fn two_files_that_swap_their_names_swap_nothing_else() {
    let mut desk = Desk::new(clock!(START), "");
    write(&desk, "a.txt", "One");
    write(&desk, "b.txt", "Other");
    desk.open();
    desk.close();
    rename(&desk, "a.txt", ".c");
    rename(&desk, "b.txt", "a.txt");
    rename(&desk, ".c", "b.txt");
    desk.open();
    expect(&desk, &[("One", "a.txt"), ("Other", "b.txt")]);
}

#[test]
fn a_copy_made_before_an_edit_does_not_take_the_id_away() {
    let mut desk = Desk::new(clock!(START), "");
    write(&desk, "notice.txt", "Notice");
    desk.open();
    desk.close();
    fs::copy(desk.seeds().join("notice.txt"), desk.seeds().join("backup.txt")).unwrap();
    write(&desk, "notice.txt", "Notice, corrected");
    desk.open();
    expect(&desk, &[("Notice, corrected", "notice.txt"), ("Notice", "backup.txt")]);
}

#[test]
fn a_second_name_of_a_file_is_an_article_of_its_own() {
    let mut desk = Desk::new(clock!(START), "");
    write(&desk, "a.txt", "One");
    desk.open();
    desk.close();
    fs::hard_link(desk.seeds().join("a.txt"), desk.seeds().join("b.txt")).unwrap();
    desk.open();
    let mut ids: Vec<_> = desk.items("/feed.json").iter().map(|item| item["id"].to_string()).collect();
    ids.sort();
    assert_eq!(ids.len(), 2, "{ids:?}");
    assert!(ids[0].ends_with("a.txt\"") && ids[1].ends_with("b.txt\""), "{ids:?}");
}

/// More files than are read together, and no grace at all.
#[test]
fn a_large_directory_that_is_moved_keeps_every_id() {
    let mut desk =
        Desk::new(clock!(START), "[seeds]\nwithdraw_after_seconds = 0\n[feeds]\nitems = 2500\nmax_items = 2500\n");
    let names: Vec<String> = (0..2_300).map(|number| format!("{number}.txt")).collect();
    for name in &names {
        let path = desk.seeds().join("old").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, format!("Article in {name}\n\nWords.\n")).unwrap();
    }
    desk.open();
    let before = ids(&desk);
    assert_eq!(before.len(), names.len());
    rename(&desk, "old", "new");
    let is_moved = |desk: &Desk| desk.items("/feed.json").iter().all(|item| item["tags"][0] == "new");
    eventually_or(|| is_moved(&desk).then_some(()), || format!("{} items", desk.items("/feed.json").len()));
    desk.pass(60);
    assert_eq!(ids(&desk), before);
    assert!(!desk.text("/atom.xml").contains("deleted-entry"));
}
