//! Errors that are either a middleware's own or the inner service's.

/// One of the two things a middleware's error can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Split<R, E> {
    /// The middleware refused.
    Refusal(R),
    /// The inner service failed.
    Inner(E),
}

/// An error that is either a middleware's own refusal or the inner service's error.
///
/// [`Lift`](super::Lift) and [`OrResponse`](super::OrResponse) work on every error that implements it. A service with
/// such an error refuses calls, in their futures, and never refuses in `poll_ready`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the error of a middleware that refuses",
    note = "`lift` and `or_response` stand directly outside the layer whose refusals they take: \
            `.lift().timeout(..)`, not `.timeout(..).lift()`"
)]
pub trait SplitError {
    /// What the middleware itself says.
    type Refusal;
    /// The error of the service inside it.
    type Inner;

    /// Takes the two apart.
    fn split(self) -> Split<Self::Refusal, Self::Inner>;
}

/// The enums of the layers differ in their names and in their refusal, and in nothing else.
macro_rules! layer_error {
    (
        $(#[$doc:meta])*
        $name:ident { $(#[$refusal_doc:meta])* $variant:ident($refusal:ty), $predicate:ident: $(#[$predicate_doc:meta])* }
    ) => {
        $(#[$doc])*
        ///
        /// It converts into [`BoxError`](crate::BoxError) for every inner error that does, and the conversion
        /// unwraps: what a caller downcasts to is the refusal or the inner error.
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum $name<E> {
            $(#[$refusal_doc])*
            $variant($refusal),
            /// The inner service failed.
            Inner(E),
        }

        impl<E> $name<E> {
            $(#[$predicate_doc])*
            pub fn $predicate(&self) -> bool {
                matches!(self, Self::$variant(_))
            }

            /// What the refusal says, if it is one.
            pub fn rejection(&self) -> Option<$crate::error::Rejection> {
                match self {
                    Self::$variant(refusal) => Some($crate::error::Refusal::rejection(refusal)),
                    Self::Inner(_) => None,
                }
            }
        }

        impl<E: std::fmt::Display> std::fmt::Display for $name<E> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self {
                    Self::$variant(refusal) => refusal.fmt(f),
                    Self::Inner(error) => error.fmt(f),
                }
            }
        }

        impl<E> From<E> for $name<E> {
            fn from(error: E) -> Self {
                Self::Inner(error)
            }
        }

        impl<E: Into<$crate::BoxError>> From<$name<E>> for $crate::BoxError {
            fn from(error: $name<E>) -> Self {
                match error {
                    $name::$variant(refusal) => refusal.into(),
                    $name::Inner(error) => error.into(),
                }
            }
        }

        impl<E> $crate::error::SplitError for $name<E> {
            type Refusal = $refusal;
            type Inner = E;

            fn split(self) -> $crate::error::Split<$refusal, E> {
                match self {
                    Self::$variant(refusal) => $crate::error::Split::Refusal(refusal),
                    Self::Inner(error) => $crate::error::Split::Inner(error),
                }
            }
        }
    };
}

pub(crate) use layer_error;
