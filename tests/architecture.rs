//! The table in ARCHITECTURE.md, checked against the code.

#![allow(clippy::unwrap_used, reason = "in tests a panic is the report")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// What no pure stage may name.
const IMPURE: [&str; 10] = [
    "tokio::",
    "std::fs",
    "std::net",
    "std::os::fd",
    "std::env",
    "std::thread",
    "std::process",
    "SystemTime",
    "Instant::now",
    "Utc::now",
];
const PURE: [&str; 3] = ["item", "parse", "feed"];

struct Row {
    uses: BTreeSet<String>,
    alone: BTreeSet<String>,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The rows of the table: module → what it may use.
fn table() -> BTreeMap<String, Row> {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let words = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<BTreeSet<_>>();
    let rows = text.lines().filter(|line| line.starts_with("| `")).map(|line| {
        let cells: Vec<&str> = line.split('|').collect();
        assert_eq!(cells.len(), 6, "a row has four cells: {line}");
        let module = words(cells[1]).into_iter().next().unwrap();
        (module, Row { uses: words(cells[3]), alone: words(cells[4]) })
    });
    rows.collect()
}

/// All source files with the module each belongs to.
fn sources() -> Vec<(String, PathBuf, String)> {
    let mut found = Vec::new();
    let mut directories = vec![root().join("src")];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let below = path.strip_prefix(root().join("src")).unwrap();
                let module = below.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs").to_owned();
                let text = fs::read_to_string(&path).unwrap();
                found.push((module, path, without_comments(&text)));
            }
        }
    }
    found
}

fn without_comments(text: &str) -> String {
    text.lines().map(|line| line.split("//").next().unwrap_or(line)).collect::<Vec<_>>().join("\n")
}

/// Names that follow `crate::` anywhere in the file.
fn uses(text: &str) -> BTreeSet<String> {
    let name = |rest: &str| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    text.split("crate::").skip(1).map(name).filter(|name| !name.is_empty()).collect()
}

#[test]
fn modules_use_only_what_the_table_allows() {
    let table = table();
    let mut wrong = Vec::new();
    for (module, path, text) in sources() {
        if module == "main" || module == "lib" {
            continue;
        }
        let row = table.get(&module).unwrap_or_else(|| panic!("`{module}` is not in the table of ARCHITECTURE.md"));
        for name in uses(&text) {
            if name != module && !row.uses.contains(&name) {
                wrong.push(format!("{}: `{module}` may not use `{name}`", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn table_names_no_arrow_that_the_code_does_not_have() {
    let mut real: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (module, _, text) in sources() {
        real.entry(module).or_default().extend(uses(&text));
    }
    for (module, row) in table() {
        let missing: Vec<_> = row.uses.difference(&real[&module]).collect();
        assert!(missing.is_empty(), "`{module}` uses none of {missing:?}");
    }
}

#[test]
fn arrows_between_modules_go_one_way() {
    let table = table();
    let mut settled: BTreeSet<String> = BTreeSet::new();
    while settled.len() < table.len() {
        let free: Vec<_> = table
            .iter()
            .filter(|(name, row)| !settled.contains(*name) && row.uses.is_subset(&settled))
            .map(|(name, _)| name.clone())
            .collect();
        assert!(!free.is_empty(), "these use one another in a circle: all but {settled:?}");
        settled.extend(free);
    }
}

#[test]
fn crates_with_one_place_stay_there() {
    let table = table();
    let mut owners: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (module, row) in &table {
        for name in &row.alone {
            owners.entry(name.clone()).or_default().insert(module.clone());
        }
    }
    let mut wrong = Vec::new();
    for (module, path, text) in sources() {
        for (name, owners) in &owners {
            // `mod rss` of our own is written `super::rss` or `rss::` inside `feed`, which owns the name.
            let is_used = text.contains(&format!("use {name}::")) || text.contains(&format!(" {name}::"));
            if is_used && !owners.contains(&module) {
                wrong.push(format!("{}: `{name}` belongs to {owners:?}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_test_file_is_part_of_the_binary() {
    let folder = root().join("tests/integration");
    let main = fs::read_to_string(folder.join("main.rs")).unwrap();
    let missing: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .filter(|name| name != "main" && !main.contains(&format!("mod {name};")))
        .collect();
    assert!(missing.is_empty(), "tests/integration/main.rs has no `mod` for {missing:?}");
}

#[test]
fn pure_stages_touch_neither_files_nor_network_nor_clock() {
    let mut wrong = Vec::new();
    for (module, path, text) in sources() {
        if PURE.contains(&module.as_str()) {
            wrong.extend(
                IMPURE.iter().filter(|word| text.contains(*word)).map(|word| format!("{}: {word}", path.display())),
            );
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
