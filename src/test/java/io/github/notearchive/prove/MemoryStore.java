package io.github.notearchive.prove;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.notearchive.io.ScriptedServer;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoreFixture;
import java.net.URLDecoder;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;

/** An S3 store in memory that can be made to refuse uploads from any one on, as for a program that was killed. */
final class MemoryStore implements AutoCloseable {

    final Map<String, byte[]> objects = new ConcurrentHashMap<>();
    final AtomicLong uploadsLeft = new AtomicLong(Long.MAX_VALUE);
    final ObjectStore client;
    private final ScriptedServer server = new ScriptedServer(this::reply);

    MemoryStore() {
        client = StoreFixture.at(server.address(), 1);
    }

    private ScriptedServer.Reply reply(ScriptedServer.Request request) {
        String key = request.target().replaceFirst("^/bucket/?", "").replaceFirst("\\?.*", "");
        boolean isListing = key.isEmpty() && request.line().startsWith("GET ");
        byte[] object = isListing ? listing(request.target()) : objects.get(key);
        if (request.line().startsWith("HEAD ")) {
            return ScriptedServer.status(object == null ? 404 : 200, "Last-Modified: Tue, 10 Mar 2026 04:00:00 GMT");
        }
        if (request.line().startsWith("PUT ")) {
            if (uploadsLeft.getAndDecrement() <= 0) {
                return error("AccessDenied", 403);
            }
            objects.put(key, request.body());
            String checksum = request.headers().entrySet().stream()
                    .filter(header -> header.getKey().equalsIgnoreCase("x-amz-checksum-sha256"))
                    .findFirst()
                    .orElseThrow()
                    .getValue();
            return ScriptedServer.status(200, "x-amz-checksum-sha256: " + checksum);
        }
        return object == null ? error("NoSuchKey", 404) : ScriptedServer.reply(200, object);
    }

    private byte[] listing(String target) {
        Map<String, String> query = Arrays.stream(URLDecoder.decode(target.replaceFirst(".*\\?", ""), UTF_8)
                        .split("&"))
                .map(part -> part.split("=", 2))
                .collect(Collectors.toMap(part -> part[0], part -> part[1]));
        return objects.keySet().stream()
                .filter(key -> key.startsWith(query.get("prefix")) && key.compareTo(query.get("start-after")) > 0)
                .sorted()
                .map(key -> "<Contents><Key>" + key + "</Key><Size>1</Size>"
                        + "<LastModified>2026-03-10T04:00:00.000Z</LastModified></Contents>")
                .collect(Collectors.joining(
                        "",
                        "<ListBucketResult><Name>bucket</Name><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated>",
                        "</ListBucketResult>"))
                .getBytes(UTF_8);
    }

    private static ScriptedServer.Reply error(String code, int status) {
        return ScriptedServer.reply(status, ("<Error><Code>" + code + "</Code></Error>").getBytes(UTF_8));
    }

    @Override
    public void close() {
        client.close();
        server.close();
    }
}
