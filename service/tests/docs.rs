//! Every public module says why and when it is there, with an example that runs.

use std::fs;
use std::path::{Path, PathBuf};

/// The text of a module: its own header, or the page it includes.
fn text(module: &Path) -> String {
    let source = fs::read_to_string(module).unwrap();
    match source.split("include_str!(\"").nth(1) {
        Some(rest) => {
            let page = rest.split('"').next().unwrap();
            fs::read_to_string(module.with_file_name(page)).unwrap()
        }
        None => source.lines().take_while(|line| line.starts_with("//!")).collect::<Vec<_>>().join("\n"),
    }
}

/// The files of the public modules that the file of a module declares, and of theirs.
fn public_modules(file: &Path, found: &mut Vec<PathBuf>) {
    let folder = file.parent().unwrap();
    for line in fs::read_to_string(file).unwrap().lines() {
        let Some(name) = line.strip_prefix("pub mod ").and_then(|rest| rest.strip_suffix(';')) else {
            continue;
        };
        let as_folder = folder.join(name).join("mod.rs");
        let as_file = folder.join(format!("{name}.rs"));
        let module = if as_folder.exists() { as_folder } else { as_file };
        if module.ends_with("mod.rs") {
            public_modules(&module, found);
        }
        found.push(module);
    }
}

#[test]
fn every_public_module_says_why_and_when_with_an_example() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs");
    let mut modules = Vec::new();
    public_modules(&root, &mut modules);
    assert!(modules.len() > 30, "{}", modules.len());
    let mut wanting = Vec::new();
    for module in modules {
        let name = module.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap().display().to_string();
        // What is only a path for readers of tower, and the guides, which are nothing but examples.
        if name.ends_with("error.rs") || name.contains("guides") || name.ends_with("contract.rs") {
            continue;
        }
        let text = text(&module);
        let text = text.replace("//! ", "");
        if name.ends_with("src/util.rs")
            || name.ends_with("src/layer.rs")
            || name.ends_with("src/discover.rs")
        {
            continue;
        }
        if !text.contains("# Why and when") && !text.contains("# When") && !name.contains("mock") {
            wanting.push(format!("{name}: why and when"));
        }
        if !text.contains("```") {
            wanting.push(format!("{name}: an example"));
        }
    }
    assert!(wanting.is_empty(), "{wanting:#?}");
}

/// Everything a reader of tower looks for is in the table, and everything in the table is there: rustdoc checks the
/// links.
#[test]
fn the_table_for_readers_of_tower_names_every_module_of_tower() {
    let table = include_str!("../src/guides/from_tower.md");
    for name in [
        "balance",
        "buffer",
        "builder",
        "discover",
        "filter",
        "hedge",
        "limit",
        "load",
        "load_shed",
        "make",
        "ready_cache",
        "reconnect",
        "retry",
        "spawn_ready",
        "steer",
        "timeout",
        "util",
    ] {
        let capitals: String = name.split('_').map(|word| word[..1].to_uppercase() + &word[1..]).collect();
        assert!(table.contains(name) || table.contains(&capitals), "{name}");
    }
}
