package io.github.notearchive.io;

import java.io.IOException;
import java.net.Socket;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.hc.client5.http.config.ConnectionConfig;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManagerBuilder;
import org.apache.hc.client5.http.io.ManagedHttpClientConnection;
import org.apache.hc.core5.util.TimeValue;
import org.jspecify.annotations.Nullable;

/** Pool of connections whose idle ones are checked by {@link CheckedConnection} at each lease. */
public final class ConnectionPool {

    private static final AtomicLong CONNECTIONS = new AtomicLong();

    private ConnectionPool() {}

    /**
     * Begins a pool. A connection that fails the check is closed and replaced before anything is sent, so it costs the
     * request neither an exception nor a retry.
     *
     * @param settings timeouts and time to live; the time after which a connection is validated is replaced
     */
    public static PoolingHttpClientConnectionManagerBuilder with(ConnectionConfig.Builder settings) {
        return PoolingHttpClientConnectionManagerBuilder.create()
                .setConnectionFactory(ConnectionPool::connection)
                .setDefaultConnectionConfig(settings.setValidateAfterInactivity(TimeValue.ZERO_MILLISECONDS)
                        .build());
    }

    private static ManagedHttpClientConnection connection(@Nullable Socket socket) throws IOException {
        var connection = new CheckedConnection("http-outgoing-" + CONNECTIONS.incrementAndGet());
        if (socket != null) {
            connection.bind(socket);
        }
        return connection;
    }
}
