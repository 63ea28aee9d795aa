//! One service of many instances.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::task::Poll;
use std::time::Duration;

use futures_util::stream;
use minato_runtime::time::sleep;
use minato_service::balance::{
    Balance, BalanceError, Change, ConsistentHash, Ejection, Endpoints, LeastLoaded, Load, P2c, Picker,
    RoundRobin, ServiceList, WeightedRandom,
};
use minato_service::observe::Event;
use minato_service::{Service, ServiceExt};

use crate::support::{Act, Failed, Probe, Task, now, paused};

const SECOND: Duration = Duration::from_secs(1);

/// An instance that answers with its name, or fails, or takes long, as it is told.
#[derive(Clone)]
struct Instance {
    name: u32,
    told: Arc<Told>,
}

#[derive(Default)]
struct Told {
    fails: AtomicBool,
    millis: AtomicU32,
    calls: AtomicU32,
}

impl Instance {
    fn new(name: u32) -> Self {
        Self { name, told: Arc::default() }
    }

    fn calls(&self) -> u32 {
        self.told.calls.swap(0, Ordering::Relaxed)
    }

    fn fail(&self, fails: bool) {
        self.told.fails.store(fails, Ordering::Relaxed);
    }

    fn take(&self, millis: u32) {
        self.told.millis.store(millis, Ordering::Relaxed);
    }
}

impl Service<u64> for Instance {
    type Response = u32;
    type Error = Failed;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<u32, Failed>> + Send>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> Poll<Result<(), Failed>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: u64) -> Self::Future {
        self.told.calls.fetch_add(1, Ordering::Relaxed);
        let (name, fails) = (self.name, self.told.fails.load(Ordering::Relaxed));
        let millis = self.told.millis.load(Ordering::Relaxed);
        Box::pin(async move {
            if millis > 0 {
                sleep(Duration::from_millis(u64::from(millis))).await;
            }
            if fails { Err(Failed("told to fail")) } else { Ok(name) }
        })
    }
}

fn instances(number: u32) -> Vec<Instance> {
    (0..number).map(Instance::new).collect()
}

fn set(load: Load, instances: &[Instance]) -> Endpoints<u32, Instance> {
    let endpoints = Endpoints::new(load);
    endpoints.reset(instances.iter().map(|instance| (instance.name, instance.clone())));
    endpoints
}

fn spread<P>(service: &Balance<u32, Instance, P>, calls: u64) -> BTreeMap<u32, u32>
where
    P: Picker<u64> + Clone,
{
    let mut counts = BTreeMap::new();
    for key in 0..calls {
        *counts.entry(now(service.clone().oneshot(key)).unwrap()).or_default() += 1;
    }
    counts
}

#[test]
fn nobody_to_ask_is_an_error_and_no_hang() {
    let endpoints: Endpoints<u32, Instance> = Endpoints::new(Load::Pending);
    let service = Balance::new(endpoints.clone(), P2c::new());
    let error = now(service.clone().oneshot(1)).unwrap_err();
    assert!(error.is_no_endpoints() && error.rejection().unwrap().is_unavailable());
    endpoints.insert(1, Instance::new(1));
    assert_eq!(now(service.oneshot(1)), Ok(1), "clones see the set as it is");
}

#[test]
fn equal_instances_get_equal_shares() {
    let endpoints = set(Load::Pending, &instances(5));
    for counts in [
        spread(&Balance::new(endpoints.clone(), P2c::new()).seed(1), 10_000),
        spread(&Balance::new(endpoints.clone(), LeastLoaded::new()).seed(1), 10_000),
        spread(&Balance::new(endpoints.clone(), WeightedRandom::new()).seed(1), 10_000),
        spread(&Balance::new(endpoints.clone(), RoundRobin::new()), 10_000),
    ] {
        assert_eq!(counts.len(), 5);
        assert!(counts.values().all(|count| (1800..2200).contains(count)), "{counts:?}");
    }
}

#[test]
fn weights_are_shares() {
    let endpoints = Endpoints::new(Load::Pending);
    endpoints.insert_weighted(0, Instance::new(0), 1.0);
    endpoints.insert_weighted(1, Instance::new(1), 3.0);
    let counts = spread(&Balance::new(endpoints, WeightedRandom::new()).seed(1), 10_000);
    assert!((2300..2700).contains(&counts[&0]), "{counts:?}");
}

#[test]
fn round_robin_goes_around_over_all_clones() {
    let service = Balance::new(set(Load::Pending, &instances(3)), RoundRobin::new());
    let order: Vec<_> = (0..6).map(|key| now(service.clone().oneshot(key)).unwrap()).collect();
    assert_eq!(order, [0, 1, 2, 0, 1, 2]);
}

#[test]
fn calls_under_way_are_load_until_they_end_or_are_dropped() {
    let endpoints = Endpoints::new(Load::Pending);
    for key in 0..2 {
        endpoints.insert(key, Probe::new(&[], &[Act::Hang; 8]));
    }
    let service = Balance::new(endpoints.clone(), LeastLoaded::new());
    let mut tasks: Vec<_> = (0..6).map(|n| Task::new(service.clone().oneshot(n))).collect();
    assert!(tasks.iter_mut().all(|task| task.poll().is_pending()));
    let pending = || endpoints.status().iter().map(|(_, status)| status.pending).collect::<Vec<_>>();
    assert_eq!(pending(), [3, 3]);
    drop(tasks);
    assert_eq!(pending(), [0, 0]);
}

#[test]
fn an_instance_that_is_not_ready_gets_little() {
    let endpoints = Endpoints::new(Load::Pending);
    endpoints.insert(0, Probe::new(&[Act::Hang; 2000], &[]));
    endpoints.insert(1, Probe::well());
    let service = Balance::new(endpoints, P2c::new()).seed(3);
    let mut stuck = Vec::new();
    for n in 0..1000 {
        let mut task = Task::new(service.clone().oneshot(n));
        if task.poll().is_pending() {
            stuck.push(task);
        }
    }
    assert_eq!(stuck.len(), 1, "from then on it is the more loaded one");
}

#[test]
fn the_slow_get_less_by_latency() {
    paused(async {
        let instances = instances(3);
        instances[0].take(100);
        instances[1].take(10);
        instances[2].take(10);
        let service = Balance::new(set(Load::peak_ewma(), &instances), P2c::new()).seed(5);
        for key in 0..600 {
            service.clone().oneshot(key).await.unwrap();
        }
        let calls: Vec<_> = instances.iter().map(Instance::calls).collect();
        assert!(calls[0] < 60 && calls[1] > 200 && calls[2] > 200, "{calls:?}");
    });
}

#[test]
fn failing_quickly_does_not_attract_calls() {
    paused(async {
        let instances = instances(3);
        instances.iter().for_each(|instance| instance.take(10));
        instances[0].take(0);
        instances[0].fail(true);
        let service = Balance::new(set(Load::peak_ewma(), &instances), P2c::new()).seed(5);
        for key in 0..600 {
            drop(service.clone().oneshot(key).await);
        }
        let calls = instances[0].calls();
        assert!(calls < 60, "{calls}");
    });
}

#[test]
fn the_same_key_goes_to_the_same_instance_and_few_move_when_one_goes() {
    let endpoints = set(Load::Pending, &instances(10));
    let service = Balance::new(endpoints.clone(), ConsistentHash::new(|key: &u64| *key));
    let ask = || -> Vec<u32> { (0..2000).map(|key| now(service.clone().oneshot(key)).unwrap()).collect() };
    let before = ask();
    assert_eq!(before, ask());
    assert!(endpoints.remove(&3));
    let after = ask();
    let moved = before.iter().zip(&after).filter(|(before, after)| before != after).count();
    let of_three = before.iter().filter(|name| **name == 3).count();
    assert_eq!(moved, of_three, "only the keys of the one that went");
    assert!((120..280).contains(&of_three), "{of_three}");
}

#[test]
fn a_popular_key_does_not_drown_its_instance() {
    let endpoints = Endpoints::new(Load::Pending);
    for key in 0..4 {
        endpoints.insert(key, Probe::new(&[], &[Act::Hang; 100]));
    }
    let service = Balance::new(endpoints.clone(), ConsistentHash::new(|_: &u32| 7));
    let mut tasks: Vec<_> = (0..80).map(|n| Task::new(service.clone().oneshot(n))).collect();
    assert!(tasks.iter_mut().all(|task| task.poll().is_pending()));
    let most = endpoints.status().iter().map(|(_, status)| status.pending).max().unwrap();
    assert!(most <= 26, "{most} of eighty on four, with a bound of 1.25");
}

#[test]
fn an_instance_that_fails_in_a_row_is_left_out_and_comes_back() {
    paused(async {
        let (tell, told) = std::sync::mpsc::channel();
        let instances = instances(4);
        let endpoints = Endpoints::new(Load::Pending)
            .ejection(Ejection::new().in_a_row(3).rate(None, 1).duration(10 * SECOND..=30 * SECOND))
            .observer(move |event: Event| tell.send(event).unwrap());
        endpoints.reset(instances.iter().map(|instance| (instance.name, instance.clone())));
        let service = Balance::new(endpoints.clone(), RoundRobin::new());
        let ask = async |calls: u64| {
            for key in 0..calls {
                drop(service.clone().oneshot(key).await);
            }
        };
        instances[0].fail(true);
        ask(40).await;
        assert_eq!(instances[0].calls(), 3);
        assert!(endpoints.status()[0].1.is_ejected);
        // It comes back, fails, and is left out for longer.
        sleep(11 * SECOND).await;
        ask(40).await;
        assert_eq!((instances[0].calls(), endpoints.status()[0].1.ejections), (3, 2));
        sleep(11 * SECOND).await;
        ask(40).await;
        assert_eq!(instances[0].calls(), 0);
        instances[0].fail(false);
        sleep(10 * SECOND).await;
        ask(40).await;
        assert_eq!(instances[0].calls(), 10);
        let events: Vec<_> = told.try_iter().collect();
        assert_eq!(events, [Event::Ejected, Event::Readmitted, Event::Ejected, Event::Readmitted]);
    });
}

#[test]
fn an_instance_that_fails_too_large_a_part_is_left_out() {
    paused(async {
        let instances = instances(3);
        let endpoints =
            Endpoints::new(Load::Pending).ejection(Ejection::new().in_a_row(1000).rate(Some(0.4), 20));
        endpoints.reset(instances.iter().map(|instance| (instance.name, instance.clone())));
        let service = Balance::new(endpoints.clone(), RoundRobin::new());
        for key in 0..200 {
            instances[0].fail(key % 2 == 0);
            drop(service.clone().oneshot(key).await);
        }
        assert!(endpoints.status()[0].1.is_ejected);
        assert!(!endpoints.status()[1].1.is_ejected);
    });
}

#[test]
fn no_more_are_left_out_than_may_and_all_are_used_when_too_few_are_left() {
    paused(async {
        let instances = instances(4);
        instances.iter().for_each(|instance| instance.fail(true));
        let ejection = Ejection::new().in_a_row(2).duration(SECOND * 100..=SECOND * 100);
        let endpoints = Endpoints::new(Load::Pending).ejection(ejection.clone());
        endpoints.reset(instances.iter().map(|instance| (instance.name, instance.clone())));
        let service = Balance::new(endpoints.clone(), RoundRobin::new());
        for key in 0..100 {
            drop(service.clone().oneshot(key).await);
        }
        let out = endpoints.status().iter().filter(|(_, status)| status.is_ejected).count();
        assert_eq!(out, 2, "half");
        let endpoints = Endpoints::new(Load::Pending).ejection(ejection.max_percent(100).panic_percent(60));
        endpoints.reset(instances.iter().map(|instance| (instance.name, instance.clone())));
        let service = Balance::new(endpoints.clone(), RoundRobin::new());
        for instance in &instances {
            instance.calls();
        }
        for key in 0..400 {
            drop(service.clone().oneshot(key).await);
        }
        assert!(instances.iter().all(|instance| instance.calls() >= 90), "all are asked, whatever is known");
    });
}

#[test]
fn an_instance_that_has_come_gets_its_share_little_by_little() {
    paused(async {
        let instances: Vec<_> = (0..2).map(|_| Probe::well()).collect();
        let endpoints = Endpoints::new(Load::peak_ewma()).slow_start(10 * SECOND);
        endpoints.insert(0, instances[0].clone());
        sleep(20 * SECOND).await;
        endpoints.insert(1, instances[1].clone());
        let service = Balance::new(endpoints, P2c::new()).seed(1);
        let newcomer = instances[1].observer();
        for n in 0..100 {
            assert_eq!(service.clone().oneshot(n).await, Ok(n + 1));
        }
        let early = newcomer.calls();
        sleep(20 * SECOND).await;
        for n in 0..100 {
            assert_eq!(service.clone().oneshot(n).await, Ok(n + 1));
        }
        let late = newcomer.calls() - early;
        assert!(early < 10 && late > 20, "{early} {late}");
    });
}

#[test]
fn a_set_follows_what_is_told() {
    let endpoints = Endpoints::new(Load::Pending);
    let of = |name: u32| (name, Instance::new(name));
    let changes = [
        Change::Insert(1, Instance::new(1)),
        Change::Reset(vec![of(2), of(3)]),
        Change::Remove(2),
        Change::Insert(4, Instance::new(4)),
    ];
    let told = stream::iter(changes.map(Ok::<_, Failed>));
    assert_eq!(now(endpoints.follow(told)), Ok(()));
    let keys: Vec<_> = endpoints.status().into_iter().map(|(key, _)| key).collect();
    assert_eq!(keys, [3, 4]);
    let broken = stream::iter([Ok(Change::Remove(3)), Err(Failed("lost"))]);
    assert_eq!(now(endpoints.follow(broken)), Err(Failed("lost")));
    assert_eq!(endpoints.len(), 1);
    let fixed = Endpoints::new(Load::Pending);
    assert_eq!(now(fixed.follow(ServiceList::new(instances(3)))), Ok(()));
    assert_eq!(fixed.len(), 3);
}

#[test]
fn a_reset_keeps_what_is_known_of_those_that_stay() {
    let endpoints = Endpoints::new(Load::Pending);
    endpoints.insert(0, Probe::new(&[], &[Act::Hang]));
    let service = Balance::new(endpoints.clone(), P2c::new());
    let mut running = Task::new(service.oneshot(1));
    assert!(running.poll().is_pending());
    endpoints.reset([(0, Probe::well()), (1, Probe::well())]);
    assert_eq!(endpoints.status()[0].1.pending, 1);
}

/// A naive balancer beside ours: a map from key to calls under way.
#[test]
fn a_hundred_thousand_random_steps_agree_with_the_model() {
    struct Rng(u64);
    impl Rng {
        fn below(&mut self, bound: u64) -> u64 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            self.0 % bound
        }
    }
    let mut rng = Rng(0x5EED);
    let endpoints: Endpoints<u64, Waiting> = Endpoints::new(Load::Pending);
    let service = Balance::new(endpoints.clone(), P2c::new()).seed(9);
    let mut model: BTreeMap<u64, u64> = BTreeMap::new();
    let mut under_way: Vec<(u64, Task<_>)> = Vec::new();
    for step in 0..100_000 {
        match rng.below(100) {
            0..2 => {
                let key = rng.below(40);
                endpoints.insert(key, Waiting(key));
                // A newcomer, or another instance under the same key: nothing is under way there.
                model.insert(key, 0);
                under_way.retain(|(of, _)| *of != key);
            }
            2..4 => {
                let key = rng.below(40);
                assert_eq!(endpoints.remove(&key), model.remove(&key).is_some(), "step {step}");
                under_way.retain(|(of, _)| *of != key);
            }
            4..50 if !under_way.is_empty() => {
                let (key, task) = under_way.swap_remove(rng.below(under_way.len() as u64) as usize);
                drop(task);
                *model.get_mut(&key).unwrap() -= 1;
            }
            _ => {
                let mut task = Task::new(service.clone().oneshot(()));
                match task.poll() {
                    Poll::Ready(Err(BalanceError::NoEndpoints(_))) => {
                        assert!(model.is_empty(), "step {step}")
                    }
                    Poll::Pending => {
                        let status = endpoints.status();
                        let taker = status.iter().find(|(key, status)| status.pending > model[key]);
                        let (key, _) = taker.expect("one of those in the set");
                        let highest = model.values().max().unwrap();
                        let is_alone = model.len() == 1 || model.values().all(|pending| pending == highest);
                        assert!(
                            is_alone || model[key] < *highest || count(&model, *highest) > 1,
                            "step {step}"
                        );
                        *model.get_mut(key).unwrap() += 1;
                        under_way.push((*key, task));
                    }
                    Poll::Ready(_) => panic!("step {step}: nobody answers"),
                }
            }
        }
        if step % 100 == 0 {
            let status = endpoints.status();
            assert_eq!(status.len(), model.len(), "step {step}");
            assert!(status.iter().all(|(key, status)| status.pending == model[key]), "step {step}");
        }
    }
}

/// How many have so many calls under way. The most loaded is picked only where another is as loaded.
fn count(model: &BTreeMap<u64, u64>, pending: u64) -> usize {
    model.values().filter(|other| **other == pending).count()
}

/// Answers never.
#[derive(Clone)]
struct Waiting(#[expect(dead_code, reason = "tells instances apart in a debugger")] u64);

impl Service<()> for Waiting {
    type Response = ();
    type Error = Failed;
    type Future = std::future::Pending<Result<(), Failed>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> Poll<Result<(), Failed>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, (): ()) -> Self::Future {
        std::future::pending()
    }
}

#[test]
#[should_panic(expected = "`weight` is NaN")]
fn a_weight_that_is_no_number_is_refused() {
    Endpoints::new(Load::Pending).insert_weighted(0, (), f32::NAN);
}

#[test]
#[should_panic(expected = "`penalty` is below `unknown`")]
fn a_load_that_rewards_failing_is_refused() {
    let load = Load::PeakEwma { half_life: SECOND, unknown: SECOND, penalty: SECOND / 2 };
    drop(Endpoints::<u32, ()>::new(load));
}
