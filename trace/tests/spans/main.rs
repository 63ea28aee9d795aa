//! Spans, events and trace context, as a subscriber and a peer see them.

mod capture;
mod grpc;
mod outcome;
mod propagation;
mod request;
mod task;
