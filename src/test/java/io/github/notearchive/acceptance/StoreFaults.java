package io.github.notearchive.acceptance;

import io.github.notearchive.io.TcpProxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import org.springframework.util.FileSystemUtils;

/** Faults of the store that are not faults of the connection to it. */
final class StoreFaults {

    static final Predicate<String> PUT = line -> line.startsWith("PUT ");

    private StoreFaults() {}

    /** Every request gets this answer. */
    static Fault.Onset answers(int status, String code) {
        return answers(TcpProxy.ANY, status, code);
    }

    static Fault.Onset answers(Predicate<String> firstLine, int status, String code) {
        return answers(firstLine, answer(status, code));
    }

    /** Some requests get this answer. */
    static Fault.Onset answers(Predicate<String> firstLine, TcpProxy.Response answer) {
        return night -> {
            night.wayToStore().answer(firstLine, answer);
            return night.wayToStore()::release;
        };
    }

    /** The object of one note only, as often as the store's client tries. */
    static Fault.Onset answersForOne(int status, String code) {
        AtomicInteger left = new AtomicInteger(3);
        return night -> answers(
                        line -> PUT.test(line)
                                && line.contains("/notes/" + night.ids().getLast())
                                && left.getAndDecrement() > 0,
                        status,
                        code)
                .cause(night);
    }

    /** The bucket is missing until the repair, which restores all of its objects. */
    static Fault.Onset bucketGone() {
        return night -> {
            String name = night.environment().get("ARCHIVE_S3_BUCKET");
            Path bucket = name == null
                    ? night.directory().resolve("data/s3/note-archive")
                    : OutsideServers.running().objects().resolve(name);
            Path away = bucket.resolveSibling("away-" + bucket.getFileName());
            Files.move(bucket, away);
            return () -> {
                FileSystemUtils.copyRecursively(away, bucket);
                FileSystemUtils.deleteRecursively(away);
            };
        };
    }

    private static TcpProxy.Response answer(int status, String code) {
        return TcpProxy.Response.of(
                status,
                "application/xml",
                "<?xml version=\"1.0\"?><Error><Code>%s</Code><Message>no</Message></Error>".formatted(code));
    }
}
