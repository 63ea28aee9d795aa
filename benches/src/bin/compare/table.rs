//! A table whose columns line up, in Markdown.

use std::fmt::Write as _;

/// Prints rows under a head. A row may come any time after the one before it.
pub(crate) struct Table {
    widths: Vec<usize>,
}

impl Table {
    /// Prints the head.
    pub(crate) fn new(head: &[&str]) -> Self {
        let table = Self { widths: head.iter().map(|title| title.len().max(10)).collect() };
        let wide: Vec<String> = std::iter::once(format!("{:23}", head[0]))
            .chain(head[1..].iter().map(|title| (*title).to_owned()))
            .collect();
        table.row(&wide);
        let rules: Vec<String> = (0..head.len())
            .map(|column| if column < 2 { "---".to_owned() } else { "---:".to_owned() })
            .collect();
        table.row(&rules);
        table
    }

    /// Prints a row.
    pub(crate) fn row(&self, cells: &[String]) {
        let mut line = String::from("|");
        for (column, (cell, width)) in cells.iter().zip(&self.widths).enumerate() {
            // Names stand on the left, numbers on the right.
            let written = match column {
                0 => write!(line, " {cell:23} |"),
                1 => write!(line, " {cell:width$} |"),
                _ => write!(line, " {cell:>width$} |"),
            };
            written.expect("a string takes everything");
        }
        println!("{line}");
    }
}

/// A number with about three digits that mean something.
pub(crate) fn number(value: f64) -> String {
    match value {
        value if value >= 100.0 => format!("{value:.0}"),
        value if value >= 10.0 => format!("{value:.1}"),
        value => format!("{value:.2}"),
    }
}

/// How much of theirs ours is; below one is less.
pub(crate) fn ratio(ours: f64, theirs: f64) -> String {
    if theirs < 0.005 { "-".to_owned() } else { format!("{:.2}", ours / theirs) }
}
