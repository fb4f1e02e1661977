%% A connection with one channel, and a consumer on it.
-record(session, {connection, channel}).
-record(inbox, {session, tag}).
