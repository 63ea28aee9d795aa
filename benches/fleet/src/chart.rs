//! Lines in a coordinate system, as SVG.
//!
//! What is drawn takes the colour of the text around it, and the lines have middle tones: so a chart can be read on a
//! light and on a dark page. A chart has no blank line in it, so it can stand in the middle of a page of documentation.

use std::fmt::Write;

/// A chart.
#[derive(Debug, Clone)]
pub(crate) struct Chart {
    pub(crate) title: &'static str,
    pub(crate) x: Axis,
    pub(crate) y: Axis,
    pub(crate) lines: Vec<Line>,
    /// A span of the x-axis that something happens in, and what.
    pub(crate) span: Option<(f64, f64, &'static str)>,
}

/// One axis.
#[derive(Debug, Clone)]
pub(crate) struct Axis {
    pub(crate) label: &'static str,
    pub(crate) from: f64,
    pub(crate) to: f64,
    /// Where there are marks, and what stands beside them.
    pub(crate) marks: Vec<(f64, String)>,
}

/// One line.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) name: &'static str,
    pub(crate) points: Vec<(f64, f64)>,
}

impl Axis {
    /// An axis with a mark each `step`.
    pub(crate) fn linear(label: &'static str, from: f64, to: f64, step: f64) -> Self {
        let count = ((to - from) / step).round() as u32;
        let at = (0..=count).map(|index| from + f64::from(index) * step);
        let marks = at.map(|at| (at, format!("{}", (at * 1000.0).round() / 1000.0))).collect();
        Self { label, from, to, marks }
    }

    /// Fractions of the requests, spread by how rare the rest is: a half, a tenth, a hundredth, a thousandth.
    pub(crate) fn quantiles(label: &'static str) -> Self {
        let marks = [0.5, 0.9, 0.99, 0.999].map(|at| (Self::rarity(at), format!("{at}")));
        Self { label, from: Self::rarity(0.5), to: Self::rarity(0.999), marks: marks.into() }
    }

    /// Where a fraction of the requests stands on such an axis.
    pub(crate) fn rarity(fraction: f64) -> f64 {
        -(1.0 - fraction).log10()
    }

    /// How far along the axis a value is; what lies outside is at its end.
    fn fraction(&self, value: f64) -> f64 {
        ((value - self.from) / (self.to - self.from)).clamp(0.0, 1.0)
    }
}

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 340.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 58.0;
const BOTTOM: f64 = 48.0;

/// Colour and dashes of the lines, by their order: told apart without colours too.
const STYLES: [(&str, &str); 5] =
    [("#3b82d0", ""), ("#d9652b", "7 3"), ("#2a9a6b", "2 3"), ("#a565d0", "9 3 2 3"), ("#9a8423", "4 2")];

impl Chart {
    fn place(&self, (x, y): (f64, f64)) -> (f64, f64) {
        let across = WIDTH - LEFT - RIGHT;
        let down = HEIGHT - TOP - BOTTOM;
        (LEFT + self.x.fraction(x) * across, TOP + (1.0 - self.y.fraction(y)) * down)
    }

    /// The chart as an element that can stand in HTML or in a file of its own.
    pub(crate) fn to_svg(&self) -> String {
        let mut svg = String::new();
        // Writing to a string cannot fail.
        let _ = self.write(&mut svg);
        svg
    }

    fn write(&self, svg: &mut String) -> std::fmt::Result {
        writeln!(
            svg,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" \
             style=\"max-width:100%;height:auto\" role=\"img\" font-family=\"sans-serif\" font-size=\"13\" \
             fill=\"currentColor\">"
        )?;
        writeln!(svg, "<title>{}</title>", self.title)?;
        // Only where the file is looked at by itself: inside a page, the page sets the colour.
        writeln!(svg, "<style>@media (prefers-color-scheme:dark){{svg:root{{color:#ddd}}}}</style>")?;
        self.write_span(svg)?;
        self.write_axes(svg)?;
        self.write_legend(svg)?;
        for (line, (color, dashes)) in self.lines.iter().zip(STYLES) {
            let mut points = String::new();
            for point in &line.points {
                let (x, y) = self.place(*point);
                write!(points, "{x:.0},{y:.1} ")?;
            }
            writeln!(
                svg,
                "<polyline fill=\"none\" stroke=\"{color}\" stroke-width=\"2.2\" stroke-linejoin=\"round\" \
                 stroke-dasharray=\"{dashes}\" points=\"{}\"/>",
                points.trim_end()
            )?;
        }
        writeln!(svg, "</svg>")
    }

    fn write_span(&self, svg: &mut String) -> std::fmt::Result {
        let Some((from, to, what)) = self.span else { return Ok(()) };
        let (left, top) = self.place((from, self.y.to));
        let (right, bottom) = self.place((to, self.y.from));
        let (width, height) = (right - left, bottom - top);
        writeln!(
            svg,
            "<rect x=\"{left:.1}\" y=\"{top}\" width=\"{width:.1}\" height=\"{height}\" fill-opacity=\".09\"/>"
        )?;
        let (middle, above) = (left + width / 2.0, top - 5.0);
        writeln!(
            svg,
            "<text x=\"{middle:.1}\" y=\"{above}\" text-anchor=\"middle\" font-size=\"12\">{what}</text>"
        )
    }

    fn write_axes(&self, svg: &mut String) -> std::fmt::Result {
        let (left, top, right, bottom) = (LEFT, TOP, WIDTH - RIGHT, HEIGHT - BOTTOM);
        for (at, text) in &self.y.marks {
            let (_, y) = self.place((self.x.from, *at));
            writeln!(
                svg,
                "<path d=\"M{left} {y:.1}H{right}\" stroke=\"currentColor\" stroke-opacity=\".18\"/>\
                 <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{text}</text>",
                left - 7.0,
                y + 4.5
            )?;
        }
        for (at, text) in &self.x.marks {
            let (x, _) = self.place((*at, self.y.from));
            writeln!(
                svg,
                "<path d=\"M{x:.1} {bottom}v5\" stroke=\"currentColor\"/>\
                 <text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{text}</text>",
                bottom + 18.0
            )?;
        }
        writeln!(svg, "<path d=\"M{left} {top}V{bottom}H{right}\" fill=\"none\" stroke=\"currentColor\"/>")?;
        let (middle, below) = ((left + right) / 2.0, HEIGHT - 9.0);
        writeln!(svg, "<text x=\"{middle}\" y=\"{below}\" text-anchor=\"middle\">{}</text>", self.x.label)?;
        writeln!(
            svg,
            "<text transform=\"translate(16 {}) rotate(-90)\" text-anchor=\"middle\">{}</text>",
            (top + bottom) / 2.0,
            self.y.label
        )
    }

    fn write_legend(&self, svg: &mut String) -> std::fmt::Result {
        writeln!(svg, "<text x=\"{LEFT}\" y=\"16\" font-weight=\"bold\">{}</text>", self.title)?;
        let mut x = LEFT;
        for (line, (color, dashes)) in self.lines.iter().zip(STYLES) {
            writeln!(
                svg,
                "<path d=\"M{x} 31h26\" stroke=\"{color}\" stroke-width=\"3\" stroke-dasharray=\"{dashes}\"/>\
                 <text x=\"{}\" y=\"35\">{}</text>",
                x + 32.0,
                line.name
            )?;
            x += 46.0 + line.name.len() as f64 * 7.2;
        }
        Ok(())
    }
}
