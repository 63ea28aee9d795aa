//! What a scenario has to show.

use std::fmt::Write;

use crate::chart::Chart;

/// A scenario's chart, and the numbers the text beside it speaks of.
#[derive(Debug, Clone)]
pub struct Figure {
    /// The name of its file.
    pub(crate) name: &'static str,
    pub(crate) chart: Chart,
    pub(crate) numbers: Vec<(&'static str, f64)>,
}

impl Figure {
    /// The name of the scenario, and of its chart's file.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The chart.
    #[must_use]
    pub fn svg(&self) -> String {
        self.chart.to_svg()
    }

    /// A number by its name.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<f64> {
        self.numbers.iter().find(|(known, _)| *known == name).map(|(_, number)| *number)
    }

    /// The numbers, one on each line.
    #[must_use]
    pub fn table(&self) -> String {
        let mut table = String::new();
        for (name, number) in &self.numbers {
            // Writing to a string cannot fail.
            let _ = writeln!(table, "{:<12} {name:<52} {number:>9.3}", self.name);
        }
        table
    }
}
