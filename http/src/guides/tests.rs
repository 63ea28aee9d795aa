//! That the page of defaults says what the code does.

use std::collections::BTreeMap;
use std::fmt::Debug;

use crate::{ClientConfig, ServerConfig};

const PAGE: &str = include_str!("defaults.md");

fn section(heading: &str) -> &'static str {
    PAGE.split("\n# ").find(|section| section.starts_with(heading)).expect("the page has it")
}

/// The names of the rows of one table, with the defaults they tell.
fn told(heading: &str) -> BTreeMap<String, String> {
    let rows = section(heading).lines().filter_map(|line| line.strip_prefix("| [`"));
    rows.map(|row| {
        let mut cells = row.split(" | ");
        let name = cells.next().unwrap().split('`').next().unwrap();
        (name.to_owned(), cells.next().unwrap().trim_matches('`').to_owned())
    })
    .collect()
}

/// The fields of what `{:#?}` shows, by their paths.
fn set(config: &dyn Debug) -> BTreeMap<String, String> {
    let shown = format!("{config:#?}");
    let mut path: Vec<&str> = Vec::new();
    let mut fields = BTreeMap::new();
    let mut lines = shown.lines().skip(1).peekable();
    while let Some(line) = lines.next() {
        match line.trim().split_once(": ") {
            // What is in brackets is one value, on several lines.
            Some((name, value)) if value.ends_with('(') => {
                let value: String = std::iter::once(value)
                    .chain(lines.by_ref().map(str::trim).take_while(|line| *line != "),"))
                    .map(|part| part.trim_end_matches(','))
                    .collect();
                fields.insert(path_of(&path, name), format!("{value})"));
            }
            Some((name, value)) if value.ends_with('{') => path.push(name),
            Some((name, value)) => {
                fields.insert(path_of(&path, name), value.trim_end_matches(',').to_owned());
            }
            None => drop(path.pop()),
        }
    }
    fields
}

fn path_of(path: &[&str], name: &str) -> String {
    path.iter().chain([&name]).copied().collect::<Vec<_>>().join(".")
}

#[test]
fn every_setting_of_a_server_is_told_with_its_default() {
    assert_eq!(told("Server"), set(&ServerConfig::default()));
}

#[test]
fn every_setting_of_a_client_is_told_with_its_default() {
    assert_eq!(told("Client"), set(&ClientConfig::default()));
}

#[test]
fn bounds_said_to_be_fixed_are_there() {
    let limits = include_str!("../limits.rs");
    let names = section("Fixed").lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    for name in names {
        assert!(limits.contains(&format!("const {name}:")), "{name}");
    }
}
