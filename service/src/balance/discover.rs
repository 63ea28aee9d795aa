//! Where instances come from.

use std::future::poll_fn;
use std::hash::Hash;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use futures_core::Stream;

use super::Endpoints;

/// A change of a set of instances.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change<K, S> {
    /// An instance has come, or replaces the one with its key.
    Insert(K, S),
    /// An instance has gone.
    Remove(K),
    /// These are all the instances there are.
    Reset(Vec<(K, S)>),
}

impl<K, S> Change<K, S> {
    /// The same change of what `function` makes of the instances.
    pub(crate) fn map<T>(self, mut function: impl FnMut(S) -> T) -> Change<K, T> {
        match self {
            Self::Insert(key, service) => Change::Insert(key, function(service)),
            Self::Remove(key) => Change::Remove(key),
            Self::Reset(all) => {
                Change::Reset(all.into_iter().map(|(key, service)| (key, function(service))).collect())
            }
        }
    }
}

/// What a [`Discover`] tells at a time.
type Told<D> = Option<Result<Change<<D as Discover>::Key, <D as Discover>::Service>, <D as Discover>::Error>>;

/// Tells how a set of instances changes: a stream of changes. Every such stream is one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not tell the changes of a set of instances",
    note = "it is told by a `Stream` of `Result<Change<Key, Service>, Error>`, or by a `ServiceList`"
)]
pub trait Discover {
    /// Tells instances apart.
    type Key;
    /// An instance.
    type Service;
    /// Why changes can no longer be told.
    type Error;

    /// The next change, or none when there will be no more.
    fn poll_discover(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Told<Self>>;
}

#[diagnostic::do_not_recommend]
impl<D, K, S, E> Discover for D
where
    D: Stream<Item = Result<Change<K, S>, E>> + ?Sized,
{
    type Key = K;
    type Service = S;
    type Error = E;

    fn poll_discover(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Change<K, S>, E>>> {
        self.poll_next(cx)
    }
}

/// A set of instances that does not change; their keys are their places in the list.
#[derive(Debug, Clone)]
pub struct ServiceList<S> {
    services: Option<Vec<S>>,
}

impl<S> ServiceList<S> {
    /// These services.
    pub fn new(services: impl IntoIterator<Item = S>) -> Self {
        Self { services: Some(services.into_iter().collect()) }
    }
}

impl<S: Unpin> Stream for ServiceList<S> {
    type Item = Result<Change<usize, S>, std::convert::Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let services = self.services.take();
        Poll::Ready(services.map(|services| Ok(Change::Reset(services.into_iter().enumerate().collect()))))
    }
}

impl<K: Hash + Eq + Clone, S> Endpoints<K, S> {
    /// Keeps the set as `discover` tells, until that ends. To be run by a task, beside the calls.
    ///
    /// When it ends, or fails, the set stays as it is.
    ///
    /// # Errors
    ///
    /// The error of `discover`.
    ///
    /// # Cancel safety
    ///
    /// Dropping it loses no change that it has taken from `discover`.
    pub async fn follow<D>(&self, discover: D) -> Result<(), D::Error>
    where
        D: Discover<Key = K, Service = S>,
    {
        let mut discover = pin!(discover);
        while let Some(change) = poll_fn(|cx| discover.as_mut().poll_discover(cx)).await {
            match change? {
                Change::Insert(key, service) => self.insert(key, service),
                Change::Remove(key) => drop(self.remove(&key)),
                Change::Reset(endpoints) => self.reset(endpoints),
            }
        }
        Ok(())
    }
}
