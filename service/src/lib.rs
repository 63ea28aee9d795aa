//! Tower middleware of the Minato stack.
