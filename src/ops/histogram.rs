//! How long something takes, spread over classes of duration.

use std::time::Duration;

use super::counter::Counter;

/// Upper ends of the classes in microseconds: 1 ms to a minute, each two to two and a half times the one before. What a
/// reader notices (a change visible within 25 ms, or within a second) lies on one of them.
const BOUNDS_MICROS: [u64; 15] = [
    1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000,
    10_000_000, 30_000_000, 60_000_000,
];

/// Durations, counted by class.
#[derive(Debug, Default)]
pub struct Histogram {
    classes: [Counter; BOUNDS_MICROS.len()],
    /// Longer than the last bound.
    longer: Counter,
    sum_micros: Counter,
}

impl Histogram {
    /// Notes one duration.
    pub fn record(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let class = BOUNDS_MICROS.iter().position(|bound| micros <= *bound);
        class.map_or(&self.longer, |index| &self.classes[index]).add_one();
        self.sum_micros.add(micros);
    }

    /// Upper end of each class in seconds with how many durations lie at or below it; `None` is infinity.
    pub fn cumulative(&self) -> impl Iterator<Item = (Option<f64>, u64)> + use<'_> {
        let mut below = 0;
        let bounded = BOUNDS_MICROS.iter().zip(&self.classes).map(move |(bound, class)| {
            below += class.value();
            (Some(Duration::from_micros(*bound).as_secs_f64()), below)
        });
        bounded.chain(std::iter::once_with(|| (None, self.count())))
    }

    /// How many durations there were.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.classes.iter().map(Counter::value).sum::<u64>() + self.longer.value()
    }

    /// All durations together.
    #[must_use]
    pub fn sum(&self) -> Duration {
        Duration::from_micros(self.sum_micros.value())
    }

    /// The upper end of the class in which the given share of all durations is reached; `None` when there are none, or
    /// when it is longer than the last class.
    #[must_use]
    pub fn quantile(&self, share: f64) -> Option<Duration> {
        let count = self.count();
        if count == 0 {
            return None;
        }
        #[expect(clippy::cast_precision_loss, reason = "a share of a count needs no more digits than f64 has")]
        let reached = |below: u64| below as f64 >= share * count as f64;
        let (bound, _) = self.cumulative().find(|(_, below)| reached(*below))?;
        bound.map(Duration::from_secs_f64)
    }
}
