package io.github.notearchive.batch;

import io.github.notearchive.batch.ShardRepository.Scan;
import io.github.notearchive.batch.ShardRepository.Shard;
import io.github.notearchive.io.jdbc.DatabaseErrors;
import io.github.notearchive.io.jdbc.PostgresText;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.BinaryOperator;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.batch.core.step.Step;
import org.springframework.batch.infrastructure.item.Chunk;
import org.springframework.batch.infrastructure.item.ItemReader;
import org.springframework.batch.infrastructure.item.ItemWriter;
import org.springframework.core.retry.RetryPolicy;
import org.springframework.core.retry.RetryTemplate;
import org.springframework.dao.DataAccessException;
import tools.jackson.databind.json.JsonMapper;

/**
 * Part that this node has in a scan. Its steps claim one shard after the other, and end when all shards of the step are
 * done, also those of other nodes; the shard of a node that was killed is claimed when its lease ends.
 *
 * <p>The item of a step is a part of a shard, whose rows, position and result are committed by one transaction. That
 * first renews the lease by the id of the claim: a node that was frozen for longer, and whose shard another node has,
 * writes nothing and claims another shard.
 *
 * @param <R> result of shards: a record that Jackson reads and writes
 */
public final class SharedScan<R extends Record> implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(SharedScan.class);

    private static final RetryTemplate RETRIES = new RetryTemplate(RetryPolicy.builder()
            .predicate(DatabaseErrors::isUndone)
            .maxRetries(100)
            .delay(Duration.ofMillis(100))
            .jitter(Duration.ofMillis(100))
            .build());

    private static final Duration POLL_INTERVAL = Duration.ofSeconds(1);

    private final ShardRepository shards;
    private final Scan scan;
    private final String node;
    private final Gate gate;
    private final R none;
    private final BinaryOperator<R> plus;

    /** Releases what an earlier process of this node held. Requires the node's lock. */
    public SharedScan(ShardRepository shards, JobRun run, String node, R none, BinaryOperator<R> plus) {
        this.shards = shards;
        this.scan = run.scan();
        this.node = node;
        this.gate = run.gate();
        this.none = none;
        this.plus = plus;
        shards.release(node);
    }

    /** Part of a shard. */
    private record ScanPart<T>(Shard shard, List<T> items, boolean isLast) {}

    /**
     * Creates a step that processes shards.
     *
     * @param size items per transaction
     * @param source returns the items of a shard; its items end with null, also when the gate closes
     * @param position returns the key of an item at which another claim continues; null if the source needs none
     * @param writer writes items as part of a transaction, and returns the result of the shard, from the previous one;
     *     also called without items, at the end of a shard, and again if the transaction is repeated
     */
    public <T> Step step(
            JobRunner jobs,
            String name,
            int size,
            Function<Shard, Supplier<@Nullable T>> source,
            Function<? super T, @Nullable String> position,
            BiFunction<R, List<T>, R> writer) {
        var step = new ShardStep<>(name, size, source, position, writer);
        return jobs.<ScanPart<T>>chunks(name, 1, step, step)
                .allowStartIfComplete(true) // the shards show what remains
                .build();
    }

    public void renewLeases() {
        shards.renewLeases(node);
    }

    /** Returns the sum of the results of all nodes. */
    public R result() {
        return shards.results(scan).stream().map(this::parse).reduce(none, plus);
    }

    @SuppressWarnings("unchecked") // the class is that of the record
    private R parse(@Nullable String json) {
        return json == null ? none : JsonMapper.shared().readValue(json, (Class<R>) none.getClass());
    }

    /** Releases the shards of this node. */
    @Override
    public void close() {
        try {
            shards.release(node);
        } catch (DataAccessException e) {
            log.warn("The shards of node {} are released when their leases end: {}", node, DatabaseErrors.summary(e));
        }
    }

    private final class ShardStep<T> implements ItemReader<ScanPart<T>>, ItemWriter<ScanPart<T>> {

        private final String name;
        private final int size;
        private final Function<Shard, Supplier<@Nullable T>> source;
        private final Function<? super T, @Nullable String> position;
        private final BiFunction<R, List<T>, R> writer;
        private @Nullable Shard shard;
        private Supplier<@Nullable T> items = () -> null;
        private boolean isWaiting;

        ShardStep(
                String name,
                int size,
                Function<Shard, Supplier<@Nullable T>> source,
                Function<? super T, @Nullable String> position,
                BiFunction<R, List<T>, R> writer) {
            this.name = name;
            this.size = size;
            this.source = source;
            this.position = position;
            this.writer = writer;
        }

        @Override
        public @Nullable ScanPart<T> read() throws InterruptedException {
            while (!gate.isClosed()) {
                if (shard == null) {
                    shard = shards.claim(scan, name, node).orElse(null);
                    if (shard != null) {
                        items = source.apply(shard);
                    } else if (isDone()) {
                        return null;
                    } else {
                        gate.awaitClosed(POLL_INTERVAL);
                    }
                } else {
                    ScanPart<T> part = next(shard);
                    if (part.isLast || !part.items.isEmpty()) {
                        return part;
                    }
                }
            }
            if (shard != null || !shards.holders(scan, name).isEmpty()) {
                Gate.endStep();
            }
            return null;
        }

        private ScanPart<T> next(Shard claimed) {
            List<T> part = new ArrayList<>();
            T item = items.get();
            while (item != null) {
                part.add(item);
                item = part.size() < size ? items.get() : null;
            }
            return new ScanPart<>(claimed, part, part.size() < size && !gate.isClosed());
        }

        private boolean isDone() {
            List<String> holders = shards.holders(scan, name);
            if (!holders.isEmpty() && !isWaiting) {
                log.info("{}: waiting for the last shards, held by: {}", name, String.join(", ", holders));
                isWaiting = true;
            }
            return holders.isEmpty();
        }

        /**
         * Writes parts, each in a separate transaction, which is repeated after a deadlock with another node: the rows
         * of the framework say nothing about shards.
         */
        @Override
        public void write(Chunk<? extends ScanPart<T>> parts) {
            for (ScanPart<T> part : parts) {
                shard = RETRIES.invoke(() -> shards.separateTransaction()
                        .execute(_ -> shards.hold(part.shard) ? written(part) : lost(part.shard)));
            }
        }

        /** Returns the shard with its new state; null if it is done. */
        private @Nullable Shard written(ScanPart<T> part) {
            Shard old = part.shard;
            R result = writer.apply(parse(old.result()), part.items);
            String last = part.items.isEmpty() ? null : position.apply(part.items.getLast());
            Shard written = new Shard(
                    old.id(),
                    old.lower(),
                    old.upper(),
                    last == null ? old.position() : last,
                    PostgresText.json(JsonMapper.shared().valueToTree(result)),
                    old.claimId());
            shards.advance(written, part.isLast);
            return part.isLast ? null : written;
        }

        private @Nullable Shard lost(Shard old) {
            log.warn(
                    "{}: the lease of shard {} ended; another node has it, and this one writes nothing of it",
                    name,
                    old.id());
            return null;
        }
    }
}
