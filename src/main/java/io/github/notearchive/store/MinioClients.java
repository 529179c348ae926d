package io.github.notearchive.store;

import io.minio.MinioClient;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import okhttp3.ConnectionPool;
import okhttp3.Dispatcher;
import okhttp3.Interceptor;
import okhttp3.OkHttpClient;
import okhttp3.Protocol;
import okhttp3.Response;
import okhttp3.ResponseBody;

/**
 * Clients of one store, which differ in the time limit of a request.
 *
 * @param general for requests and responses that carry no object
 * @param forReading for responses that carry an object: the body has the time that its length needs
 * @param prompt for requests of at most two seconds
 */
record MinioClients(MinioClient general, MinioClient forReading, MinioClient prompt) implements AutoCloseable {

    private static final Duration PROMPT = Duration.ofSeconds(2);

    /** Time limit of reading an object of any length, including the wait for the headers. */
    private static final Duration LONGEST_READ = Duration.ofHours(6);

    static MinioClients of(StoreProperties properties) {
        OkHttpClient http = httpClient(properties);
        OkHttpClient reading = http.newBuilder()
                .callTimeout(LONGEST_READ)
                .addInterceptor(chain -> limitBody(chain, properties))
                .build();
        OkHttpClient prompt = http.newBuilder().callTimeout(PROMPT).build();
        return new MinioClients(
                client(properties, http, true), client(properties, reading, false), client(properties, prompt, false));
    }

    private static MinioClient client(StoreProperties properties, OkHttpClient http, boolean closesHttp) {
        return MinioClient.builder()
                .endpoint(properties.endpoint().strip())
                .region(properties.region())
                .credentials(properties.accessKey(), properties.secretKey().value())
                .httpClient(http, closesHttp)
                .build();
    }

    private static OkHttpClient httpClient(StoreProperties properties) {
        // non-daemon threads of the default dispatcher would delay the end of the program by a minute
        ThreadPoolExecutor threads = new ThreadPoolExecutor(
                0,
                Integer.MAX_VALUE,
                60,
                TimeUnit.SECONDS,
                new SynchronousQueue<>(),
                Thread.ofPlatform().daemon().name("object-store-", 0).factory());
        Dispatcher dispatcher = new Dispatcher(threads);
        dispatcher.setMaxRequests(StoreProperties.MAX_CONNECTIONS);
        dispatcher.setMaxRequestsPerHost(StoreProperties.MAX_CONNECTIONS);
        return new OkHttpClient.Builder()
                .dispatcher(dispatcher)
                // no idle connections: OkHttp would read bytes that follow a response as the next response
                .connectionPool(new ConnectionPool(0, 1, TimeUnit.MINUTES))
                .protocols(List.of(Protocol.HTTP_1_1))
                .connectTimeout(properties.connectTimeout())
                .readTimeout(properties.socketTimeout())
                .writeTimeout(properties.socketTimeout())
                .callTimeout(properties.requestTimeout(0))
                .build();
    }

    /** Sets the deadline of a response body by its length; a call timeout is the same for all lengths. */
    private static Response limitBody(Interceptor.Chain chain, StoreProperties properties) throws IOException {
        Response response = chain.proceed(chain.request());
        ResponseBody body = response.body();
        Duration limit = properties.requestTimeout(Math.max(0, body.contentLength()));
        body.source().timeout().deadline(limit.toMillis(), TimeUnit.MILLISECONDS);
        return response;
    }

    @Override
    public void close() {
        try {
            general.close();
        } catch (Exception e) {
            throw new IllegalStateException("The client of the object store cannot be closed", e);
        }
    }
}
