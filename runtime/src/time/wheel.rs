//! The timer wheel of one worker.
//!
//! Ten levels of 64 slots; a slot of level `n` spans `64^n` ticks. So every tick a deadline can have has its slot, the end of
//! time included; room for the higher levels is made when a timer is that far away. Putting a timer in and taking it out are a
//! few stores; a timer moves down a level each time its slot comes due, at most nine times. (Varghese and Lauck, "Hashed and
//! Hierarchical Timing Wheels", 1987.) The wheel is sans-io: times go in, wakers come out.
//!
//! Most timers are limits that are not reached, and many of those are taken out again before anybody looks at the wheel.
//! So a new timer goes to a list beside the slots, and gets its slot when somebody does look.
//!
//! Invariants
//! 1. A timer of level `n > 0` is due in another slot of its level than the one `now` stands in, but in the same
//!    slot of the level above. So whatever stands on a lower level comes due first.
//! 2. Bit `s` of `occupied[l]` is set exactly when slot `s` of level `l` is not empty, and bit `l` of `levels` when
//!    `occupied[l]` is not 0. The list of new timers has no bit; it is empty whenever the slots are looked at.
//! 3. A key is good for one life of its entry: the generation changes when the entry is freed.

use std::task::Waker;

use super::Nanos;
use super::ticks::Ticks;

/// Enough for all nanoseconds that a number of 64 bits counts, in the shortest ticks.
const LEVELS: usize = 10;
const SLOTS: usize = 64;
const SLOT_BITS: u32 = 6;
const _: () = assert!(Ticks::Microseconds.ceil(Nanos(u64::MAX)) >> (SLOT_BITS * LEVELS as u32) == 0);
/// Levels with room from the beginning: four hours in milliseconds.
const LEVELS_AT_FIRST: usize = 4;
/// Where time ends: after all deadlines.
const LAST_TICK: u64 = (1 << (SLOT_BITS * LEVELS as u32)) - 1;
const NONE: u32 = u32::MAX;
/// The place of timers that have no slot yet.
const FRESH: u16 = u16::MAX;
/// The level of a timer, by the highest bit in which its tick and the present one differ.
const LEVEL_OF: [u8; 64] = {
    let mut levels = [LEVELS as u8 - 1; 64];
    let mut bit = 0;
    while bit < SLOT_BITS as usize * LEVELS {
        levels[bit] = (bit / SLOT_BITS as usize) as u8;
        bit += 1;
    }
    levels
};

/// A timer in the wheel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    index: u32,
    generation: u32,
}

/// The timer is in the wheel no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fired;

#[derive(Debug)]
struct Entry {
    /// In ticks; of a new timer, in nanoseconds.
    deadline: u64,
    waker: Option<Waker>,
    previous: u32,
    /// The next entry of the slot, or of the free list.
    next: u32,
    generation: u32,
    /// Level and slot, or `FRESH`.
    place: u16,
}

#[derive(Debug)]
pub(crate) struct Wheel {
    ticks: Ticks,
    /// Ticks that have passed.
    now: u64,
    /// When the last of them began.
    now_nanos: Nanos,
    levels: u16,
    occupied: [u64; LEVELS],
    /// The first timer of each slot.
    slots: Vec<u32>,
    /// The first of those that have no slot yet.
    fresh: u32,
    entries: Vec<Entry>,
    free: u32,
}

impl Wheel {
    /// A wheel that stands at tick `now`.
    pub(crate) fn new(ticks: Ticks, now: u64) -> Self {
        Self {
            ticks,
            now,
            now_nanos: ticks.start(now),
            levels: 0,
            occupied: [0; LEVELS],
            slots: vec![NONE; LEVELS_AT_FIRST * SLOTS],
            fresh: NONE,
            entries: Vec::new(),
            free: NONE,
        }
    }

    /// Whether the tick at which `deadline` has passed is one that has passed.
    #[inline]
    pub(crate) fn is_past(&self, deadline: Nanos) -> bool {
        deadline <= self.now_nanos
    }

    /// Puts a timer in, for the tick at which `deadline` has passed. One that is due already fires at the next advance.
    #[inline]
    pub(crate) fn insert(&mut self, deadline: Nanos, waker: Waker) -> Key {
        if self.free == NONE {
            self.grow();
        }
        let index = self.free;
        let head = std::mem::replace(&mut self.fresh, index);
        let entry = &mut self.entries[index as usize];
        self.free = std::mem::replace(&mut entry.next, head);
        entry.previous = NONE;
        entry.place = FRESH;
        entry.deadline = deadline.0;
        // There is none: said to the compiler, which would look what there is to drop.
        std::mem::forget(entry.waker.replace(waker));
        let generation = entry.generation;
        if head != NONE {
            self.entries[head as usize].previous = index;
        }
        Key { index, generation }
    }

    /// Makes room for one more timer.
    #[cold]
    fn grow(&mut self) {
        #[expect(clippy::cast_possible_truncation, reason = "four billion timers do not fit in memory")]
        let index = self.entries.len() as u32;
        self.entries.push(Entry {
            deadline: 0,
            waker: None,
            previous: NONE,
            next: self.free,
            generation: 0,
            place: 0,
        });
        self.free = index;
    }

    /// Takes a timer out; nothing happens if it has fired.
    #[inline(always)]
    pub(crate) fn remove(&mut self, key: Key) -> Option<Waker> {
        let entry = self.entries.get_mut(key.index as usize)?;
        if entry.generation != key.generation {
            return None;
        }
        self.unlink(key.index);
        self.release(key.index)
    }

    /// Whether a timer wakes the same task as `waker`.
    ///
    /// Fails if the timer has fired.
    pub(crate) fn wakes(&mut self, key: Key, waker: &Waker) -> Result<bool, Fired> {
        let entry = self.get(key).ok_or(Fired)?;
        Ok(entry.waker.as_ref().is_some_and(|current| current.will_wake(waker)))
    }

    /// Changes who is woken, and gives back the waker that is not needed, to be dropped with the wheel let go: the one
    /// that was replaced, or the new one if the timer has fired.
    pub(crate) fn replace(&mut self, key: Key, waker: Waker) -> Result<Option<Waker>, (Fired, Waker)> {
        match self.get(key) {
            Some(entry) => Ok(entry.waker.replace(waker)),
            None => Err((Fired, waker)),
        }
    }

    /// Whether no timer is in the wheel.
    pub(crate) fn is_empty(&self) -> bool {
        self.fresh == NONE && self.levels == 0
    }

    /// The tick at which something is next to be done: timers fire, or move down a level.
    pub(crate) fn next_event(&mut self) -> Option<u64> {
        self.settle();
        self.next_slot().map(|(_, at)| at)
    }

    /// Whether something is to be done by tick `now`.
    #[inline]
    pub(crate) fn is_due(&mut self, now: u64) -> bool {
        self.next_event().is_some_and(|at| at <= now)
    }

    /// Moves the time on to `now`, at which nothing is due.
    #[inline]
    pub(crate) fn skip_to(&mut self, now: u64) {
        self.settle();
        debug_assert!(!self.is_due(now));
        self.move_on(now);
    }

    fn move_on(&mut self, now: u64) {
        // Nothing is due any later, and what is asked for is the end of time or a time the clock has shown.
        let now = now.min(LAST_TICK);
        if now > self.now {
            self.now = now;
            self.now_nanos = self.ticks.start(now);
        }
    }

    /// The deadline of the timer that fires first.
    pub(crate) fn first_deadline(&mut self) -> Option<u64> {
        self.settle();
        let (place, _) = self.next_slot()?;
        let mut index = self.slots[place];
        let mut first = u64::MAX;
        while index != NONE {
            let entry = &self.entries[index as usize];
            first = first.min(entry.deadline);
            index = entry.next;
        }
        Some(first)
    }

    /// Moves the time on to `now` and hands over the wakers of what came due, in the order of their ticks.
    ///
    /// Stops early when `fire` returns false; call again to go on.
    pub(crate) fn advance(&mut self, now: u64, mut fire: impl FnMut(Waker) -> bool) {
        self.settle();
        while let Some((place, at)) = self.next_slot()
            && at <= now
        {
            self.move_on(at);
            if place >= SLOTS {
                self.move_down(place);
                continue;
            }
            let index = self.slots[place];
            self.unlink(index);
            if let Some(waker) = self.release(index)
                && !fire(waker)
            {
                return;
            }
        }
        self.move_on(now);
    }

    fn get(&mut self, key: Key) -> Option<&mut Entry> {
        self.entries.get_mut(key.index as usize).filter(|entry| entry.generation == key.generation)
    }

    /// The first slot to come due (invariant 1), as its place and its first tick.
    fn next_slot(&self) -> Option<(usize, u64)> {
        if self.levels == 0 {
            return None;
        }
        let level = self.levels.trailing_zeros() as usize;
        let shift = SLOT_BITS * level as u32;
        let here = self.now >> shift;
        let distance = self.occupied[level].rotate_right((here % SLOTS as u64) as u32).trailing_zeros();
        let slot = here + u64::from(distance);
        Some((level * SLOTS + slot as usize % SLOTS, slot << shift))
    }

    /// Gives new timers their slots.
    #[inline]
    fn settle(&mut self) {
        if self.fresh != NONE {
            self.settle_fresh();
        }
    }

    fn settle_fresh(&mut self) {
        let mut index = std::mem::replace(&mut self.fresh, NONE);
        while index != NONE {
            let entry = &mut self.entries[index as usize];
            let next = entry.next;
            entry.deadline = self.ticks.ceil(Nanos(entry.deadline));
            self.link(index);
            index = next;
        }
    }

    /// Places everything in a slot that has come due anew.
    fn move_down(&mut self, place: usize) {
        let mut index = std::mem::replace(&mut self.slots[place], NONE);
        self.clear(place);
        while index != NONE {
            let next = self.entries[index as usize].next;
            self.link(index);
            index = next;
        }
    }

    /// Notes that a slot is empty.
    #[inline]
    fn clear(&mut self, place: usize) {
        let level = place / SLOTS;
        self.occupied[level] &= !(1 << (place % SLOTS));
        if self.occupied[level] == 0 {
            self.levels &= !(1 << level);
        }
    }

    fn link(&mut self, index: u32) {
        let target = self.entries[index as usize].deadline.max(self.now);
        let level = usize::from(LEVEL_OF[(target ^ self.now | 1).ilog2() as usize]);
        let slot = (target >> (SLOT_BITS * level as u32)) as usize % SLOTS;
        let place = level * SLOTS + slot;
        if place >= self.slots.len() {
            self.slots.resize(LEVELS * SLOTS, NONE);
        }
        let head = std::mem::replace(&mut self.slots[place], index);
        if head != NONE {
            self.entries[head as usize].previous = index;
        }
        let entry = &mut self.entries[index as usize];
        #[expect(clippy::cast_possible_truncation, reason = "below 640")]
        let place = place as u16;
        entry.place = place;
        entry.previous = NONE;
        entry.next = head;
        self.occupied[level] |= 1 << slot;
        self.levels |= 1 << level;
    }

    #[inline]
    fn unlink(&mut self, index: u32) {
        let Entry { previous, next, place, .. } = self.entries[index as usize];
        if previous == NONE {
            if place == FRESH {
                self.fresh = next;
            } else {
                let place = usize::from(place);
                self.slots[place] = next;
                if next == NONE {
                    self.clear(place);
                }
            }
        } else {
            self.entries[previous as usize].next = next;
        }
        if next != NONE {
            self.entries[next as usize].previous = previous;
        }
    }

    #[inline]
    fn release(&mut self, index: u32) -> Option<Waker> {
        let entry = &mut self.entries[index as usize];
        entry.generation = entry.generation.wrapping_add(1);
        entry.next = self.free;
        self.free = index;
        entry.waker.take()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
    use std::sync::{Arc, Mutex};
    use std::task::Wake;

    /// Notes the number of the timer that fired.
    struct Note(u64, Arc<Mutex<Vec<u64>>>);

    impl Wake for Note {
        fn wake(self: Arc<Self>) {
            self.1.lock().unwrap().push(self.0);
        }
    }

    /// In the middle of the microsecond that ends with a tick.
    fn at(tick: u64) -> Nanos {
        Nanos((tick * 1_000).saturating_sub(500))
    }

    fn random(state: &mut u64) -> u64 {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        *state
    }

    /// The wheel against a sorted map: same timers fire at the same ticks, whatever is cancelled in between.
    #[test]
    fn fires_what_a_sorted_map_would_fire() {
        for seed in 1..=60_u64 {
            let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let fired = Arc::new(Mutex::new(Vec::new()));
            let mut now = random(&mut state) % (1 << (seed % 40));
            let mut wheel = Wheel::new(Ticks::Microseconds, now);
            let mut model: BTreeMap<u64, (u64, Key)> = BTreeMap::new();
            for number in 0..600 {
                let reach = 1 << (random(&mut state) % 42);
                match random(&mut state) % 8 {
                    0..=3 => {
                        let far = reach << (random(&mut state) % 10);
                        let deadline =
                            (now + random(&mut state) % far).saturating_sub(random(&mut state) % 3);
                        let key = wheel.insert(at(deadline), Arc::new(Note(number, fired.clone())).into());
                        model.insert(number, (deadline, key));
                    }
                    4 => {
                        if let Some((&number, &(_, key))) = model.iter().nth(random(&mut state) as usize % 7)
                        {
                            assert!(wheel.remove(key).is_some());
                            assert!(wheel.remove(key).is_none());
                            model.remove(&number);
                        }
                    }
                    _ => {
                        now += random(&mut state) % reach;
                        let due: Vec<_> =
                            model.iter().filter(|(_, t)| t.0 <= now).map(|(&n, t)| (t.0, n)).collect();
                        wheel.advance(now, |waker| {
                            waker.wake();
                            true
                        });
                        let fired = std::mem::take(&mut *fired.lock().unwrap());
                        assert_eq!(fired.len(), due.len(), "seed {seed} at {now}");
                        let deadlines: Vec<_> = fired.iter().map(|n| model.remove(n).unwrap().0).collect();
                        assert!(deadlines.iter().all(|&deadline| deadline <= now));
                        let first = model.values().map(|timer| timer.0).min();
                        assert_eq!(wheel.is_empty(), model.is_empty());
                        if let Some(next) = wheel.next_event() {
                            assert!(next > now && next <= first.unwrap(), "seed {seed}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn a_batch_goes_on_where_it_stopped() {
        let count = Arc::new(AtomicUsize::new(0));
        struct Count(Arc<AtomicUsize>);
        impl Wake for Count {
            fn wake(self: Arc<Self>) {
                self.0.fetch_add(1, Relaxed);
            }
        }
        let mut wheel = Wheel::new(Ticks::Microseconds, 0);
        for _ in 0..10 {
            wheel.insert(at(5), Arc::new(Count(count.clone())).into());
        }
        let batch = |wheel: &mut Wheel| {
            let mut left = 4;
            wheel.advance(5, |waker| {
                waker.wake();
                left -= 1;
                left > 0
            });
            count.load(Relaxed)
        };
        assert_eq!([batch(&mut wheel), batch(&mut wheel), batch(&mut wheel)], [4, 8, 10]);
    }

    #[test]
    fn a_timer_for_ever_is_moved_once_a_level() {
        for ticks in [Ticks::Milliseconds, Ticks::Microseconds] {
            for now in [0, 1, 1 << 30, (1 << 43) + 12_345] {
                let mut wheel = Wheel::new(ticks, now);
                wheel.insert(Nanos(u64::MAX), Waker::noop().clone());
                let (mut events, mut fired) = (0, 0);
                while let Some(at) = wheel.next_event() {
                    events += 1;
                    wheel.advance(at, |_| {
                        fired += 1;
                        true
                    });
                }
                assert!(events <= LEVELS, "{events} events");
                assert_eq!(fired, 1);
            }
        }
    }

    #[test]
    fn the_end_of_time_comes_once_and_all_later_timers_are_due() {
        let mut wheel = Wheel::new(Ticks::Milliseconds, 7);
        wheel.insert(Nanos(u64::MAX), Waker::noop().clone());
        wheel.advance(u64::MAX, |_| true);
        assert!(wheel.is_empty() && wheel.is_past(Nanos(u64::MAX)));
        wheel.insert(Nanos(5), Waker::noop().clone());
        assert!(wheel.is_due(u64::MAX));
    }

    #[test]
    fn the_first_deadline_is_exact_on_every_level() {
        for deadline in [1, 63, 64, 65, 4095, 4096, 300_000, 1 << 31, 1 << 36, (1 << 36) + 77] {
            let mut wheel = Wheel::new(Ticks::Microseconds, 0);
            wheel.insert(at(deadline), Waker::noop().clone());
            assert_eq!(wheel.first_deadline(), Some(deadline));
        }
    }
}
