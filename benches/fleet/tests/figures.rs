//! The guide of `minato-service` shows what the simulation does today, and its text claims no more.

use std::path::Path;

use minato_benches_fleet::{Figure, SCENARIOS};

/// How far a line may be from the committed one on average, in units of the drawing: a tenth of its height.
///
/// The same seed gives the same run, but events of the same microsecond happen in an order that the scheduler's every
/// change may change.
const DRIFT: f64 = 23.0;

fn run(name: &str) -> Figure {
    let (_, run) = SCENARIOS.iter().find(|(known, _)| *known == name).expect("a scenario");
    run()
}

/// The lines of a chart, each as the heights of its points.
fn lines(svg: &str) -> Vec<Vec<f64>> {
    let points = svg.lines().filter_map(|line| line.strip_prefix("<polyline")?.split("points=\"").nth(1));
    let height = |point: &str| point.split_once(',').and_then(|(_, y)| y.parse().ok()).expect("a point");
    points.map(|points| points.trim_end_matches("\"/>").split(' ').map(height).collect()).collect()
}

/// Runs a scenario, whose chart must be the committed one, up to what its noise is.
fn figure(name: &str) -> Figure {
    let figure = run(name);
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../service/src/guides/overload");
    let committed = std::fs::read_to_string(file.join(format!("{name}.svg"))).expect("a chart");
    let svg = figure.svg();
    let advice = "`cargo run --release -p minato-benches-fleet -- --write` draws it";
    let is_line = |line: &&str| !line.starts_with("<polyline");
    assert!(
        svg.lines().filter(is_line).eq(committed.lines().filter(is_line)),
        "{name}.svg has other axes or texts; {advice}"
    );
    for (line, (now, then)) in lines(&svg).iter().zip(&lines(&committed)).enumerate() {
        assert!(now.len() == then.len() && !now.is_empty(), "{name}.svg: line {line}; {advice}");
        let drift =
            now.iter().zip(then).map(|(now, then)| (now - then).abs()).sum::<f64>() / now.len() as f64;
        assert!(drift < DRIFT, "{name}.svg: line {line} is {drift} away; {advice}\n{}", figure.table());
    }
    figure
}

#[test]
fn the_same_seed_gives_the_same_run() {
    for name in ["retries", "balancing"] {
        let (one, other) = (run(name), run(name));
        assert_eq!((one.svg(), one.table()), (other.svg(), other.table()));
    }
}

/// A number of a figure.
#[track_caller]
fn number(figure: &Figure, name: &str) -> f64 {
    figure.number(name).unwrap_or_else(|| panic!("no number {name:?} in\n{}", figure.table()))
}

#[test]
fn shedding_keeps_the_goodput_that_an_unlimited_server_loses() {
    let figure = figure("shedding");
    assert!(number(&figure, "goodput at 2x, no limit") < 0.05);
    assert!(number(&figure, "goodput at 2x, limit") > 0.9);
    assert!(number(&figure, "goodput at 2x, adaptive") > 0.9);
    assert!(number(&figure, "99th percentile of the answered at 2x, limit, ms") < 600.0);
}

#[test]
fn adaptive_limits_follow_a_machine_that_slows_down() {
    let figure = figure("adaptive");
    for algorithm in ["AIMD", "Vegas", "Gradient2"] {
        assert!(number(&figure, &format!("goodput while slow, {algorithm}")) > 0.9);
        assert!(number(&figure, &format!("99th percentile of the answered, {algorithm}, ms")) < 800.0);
    }
    assert!(number(&figure, "limit before, AIMD") > 1.5 * number(&figure, "limit while slow, AIMD"));
}

#[test]
fn codel_keeps_the_delay_of_a_queue_short_through_a_burst() {
    let figure = figure("queueing");
    assert!(number(&figure, "median during the burst, CoDel, ms") < 150.0);
    assert!(number(&figure, "answered within 5 s after the burst, FIFO") < 0.05);
    assert!(number(&figure, "answered within 5 s after the burst, CoDel") > 0.95);
    assert!(number(&figure, "answered of all, CoDel") > 2.0 * number(&figure, "answered of all, FIFO"));
}

#[test]
fn important_requests_are_answered_while_others_are_shed() {
    let figure = figure("priorities");
    assert!(number(&figure, "answered at 2x, critical") > 0.95);
    assert!(number(&figure, "answered at 4x, critical") > 0.8);
    assert!(number(&figure, "answered at 2x, sheddable") < 0.15);
}

#[test]
fn a_queue_with_deadlines_works_for_those_who_still_wait() {
    let figure = figure("deadlines");
    assert!(number(&figure, "goodput at 2x, queue") < 0.05);
    assert!(number(&figure, "goodput at 2x, queue with deadlines") > 0.9);
}

#[test]
fn a_budget_ends_the_storm_that_retries_without_one_keep_up() {
    let figure = figure("retries");
    assert!(number(&figure, "answered in the last 20 s, one attempt") > 0.95);
    assert!(number(&figure, "answered in the last 20 s, three attempts") < 0.05);
    assert!(number(&figure, "answered in the last 20 s, with budget") > 0.95);
    assert!(number(&figure, "most attempts in a second, of the capacity, three") > 2.0);
}

#[test]
fn a_breaker_lets_the_callee_recover_and_callers_fail_at_once() {
    let figure = figure("breaking");
    assert!(number(&figure, "seconds from the end of the outage to half answered, breaker") < 5.0);
    assert!(number(&figure, "seconds from the end of the outage to half answered, no breaker") > 45.0);
    assert!(number(&figure, "median wait for a failure in the outage, no breaker, ms") >= 1000.0);
    assert!(number(&figure, "median wait for a failure in the outage, breaker, ms") < 1.0);
    assert_eq!(number(&figure, "answered in the first 10 s, breaker"), 1.0);
}

#[test]
fn hedging_cuts_the_tail_for_a_tenth_of_extra_load() {
    let figure = figure("hedging");
    let cut =
        number(&figure, "99.9th percentile, plain, ms") / number(&figure, "99.9th percentile, hedged, ms");
    assert!(cut > 4.0, "{cut}");
    let median = number(&figure, "median, hedged, ms") / number(&figure, "median, plain, ms");
    assert!((0.9..1.1).contains(&median), "{median}");
    assert!(number(&figure, "extra load of hedging") < 0.1);
}

#[test]
fn two_choices_avoid_a_slow_machine_that_round_robin_drowns() {
    let figure = figure("balancing");
    assert!(number(&figure, "not answered in time, round robin") > 0.05);
    assert!(number(&figure, "not answered in time, p2c by calls") < 0.002);
    assert!(number(&figure, "99th percentile, p2c by calls, ms") < 500.0);
    assert!(
        number(&figure, "99th percentile, p2c by peak EWMA, ms")
            < number(&figure, "99th percentile, p2c by calls, ms")
    );
    assert!(
        number(&figure, "share of the slow machine, p2c by calls")
            < number(&figure, "share of the slow machine, round robin") / 2.0
    );
}

#[test]
fn a_machine_that_fails_at_once_draws_requests_until_it_is_ejected() {
    let figure = figure("ejection");
    let drawn = number(&figure, "failed while one is broken, p2c by calls");
    assert!(drawn > 0.12, "more than its tenth: {drawn}");
    assert!(number(&figure, "failed while one is broken, p2c by peak EWMA") < drawn / 2.0);
    assert!(number(&figure, "failed while one is broken, p2c by calls, ejection") < 0.01);
    assert!(number(&figure, "failed in the last 10 s, ejection") < 0.001);
}
