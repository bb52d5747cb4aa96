// Keeps what a page has fetched, so that the course goes on without a network.
export {};
