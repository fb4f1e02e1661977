mod deep;
mod fixture;
mod removal;
