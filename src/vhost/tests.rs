mod deep;
mod fixture;
mod removal;
mod turns;
