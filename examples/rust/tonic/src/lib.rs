//! gRPC between two services that know each other by their certificates: the test is in
//! `tests/`.
