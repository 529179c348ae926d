package io.github.notearchive.maintenance.verify;

import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.Gate;
import io.github.notearchive.batch.ShardRepository.NewShard;
import io.github.notearchive.batch.ShardRepository.Shard;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoreException;
import io.github.notearchive.store.StoredObject;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Gatherers;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Cuts an area of the bucket into shards of consecutive names, and lists them.
 *
 * <p>Files are named by digests, which are uniform. Sidecars are named by note ids, which begin with the creation time:
 * they are cut by their density, which is sampled from the listing, since a rebuild has no table of notes. All sidecars
 * of a note are in one shard.
 */
public final class BucketShards {

    /** Up to so many names, which are listed within seconds, an area is one shard. */
    private static final int SMALL = 10_000;

    private static final int SHARDS = 256;

    /** Points of a sample; each costs a request. */
    private static final int PROBES = 256;

    private static final int PARALLEL = 16;

    /** Names that a store returns for one request. */
    private static final int PAGE = 1000;

    private BucketShards() {}

    /** Cuts the files below a prefix, whose names begin with two digits of their digests. */
    public static List<NewShard> ofDigests(ObjectStore store, String step, String prefix) {
        return isSmall(store, prefix)
                ? shards(step, prefix, LongStream.empty(), "%02x")
                : shards(step, prefix, LongStream.range(1, SHARDS), "%02x");
    }

    /** Cuts the sidecars below a prefix, whose names begin with the id of the note. */
    public static List<NewShard> ofNotes(ObjectStore store, String step, String prefix) {
        LongStream bounds = LongStream.empty();
        if (!isSmall(store, prefix)) {
            DistanceSample rough = DistanceSample.of(store, prefix, 0, 1L << Integer.SIZE);
            bounds = DistanceSample.of(store, prefix, rough.first(), rough.last())
                    .quantiles();
        }
        return shards(step, prefix, bounds, "%08x");
    }

    private static boolean isSmall(ObjectStore store, String prefix) {
        try (Stream<StoredObject> names = store.listAll(prefix, null)) {
            return names.limit(SMALL + 1).count() <= SMALL;
        }
    }

    private static List<NewShard> shards(String step, String prefix, LongStream bounds, String format) {
        List<NewShard> shards = new ArrayList<>();
        String lower = prefix;
        for (String upper : bounds.distinct()
                .mapToObj(bound -> prefix + format.formatted(bound))
                .toList()) {
            shards.add(new NewShard(step, lower, upper));
            lower = upper;
        }
        shards.add(new NewShard(step, lower, null));
        return shards;
    }

    /**
     * Returns the names of a shard, in order. They end with null, also when the gate closes or the store fails, which
     * closes the gate.
     */
    public static Supplier<@Nullable StoredObject> list(ObjectStore store, Gate gate, Shard shard) {
        return new Supplier<>() {
            private @Nullable Iterator<StoredObject> names;

            @Override
            public @Nullable StoredObject get() {
                try {
                    names = names == null ? names(store, shard) : names;
                    return !gate.isClosed() && names.hasNext() ? names.next() : null;
                } catch (StoreException e) {
                    gate.close(ExitCode.UPSTREAM_UNAVAILABLE, String.valueOf(e.getMessage()));
                    names = Collections.emptyIterator();
                    return null;
                }
            }
        };
    }

    private static Iterator<StoredObject> names(ObjectStore store, Shard shard) {
        String prefix = shard.lower().substring(0, shard.lower().indexOf('/') + 1);
        String upper = shard.upper();
        return store.listAll(prefix, shard.after().equals(prefix) ? null : shard.after())
                .takeWhile(object -> upper == null || object.name().compareTo(upper) <= 0)
                .iterator();
    }

    /**
     * Estimated numbers of names between points of equal distance. A point is the first eight hexadecimal digits of
     * names.
     */
    private record DistanceSample(long from, long distance, List<Double> counts) {

        static DistanceSample of(ObjectStore store, String prefix, long from, long to) {
            long distance = Math.ceilDiv(to - from, PROBES);
            return new DistanceSample(
                    from,
                    distance,
                    IntStream.range(0, PROBES)
                            .mapToObj(i -> from + i * distance)
                            .gather(Gatherers.mapConcurrent(
                                    PARALLEL, start -> count(store, prefix, start, start + distance)))
                            .toList());
        }

        /** Returns the number of names, extrapolated from the first page if there are more. */
        private static double count(ObjectStore store, String prefix, long from, long to) {
            List<Long> page;
            try (Stream<StoredObject> names = store.listAll(prefix, prefix + "%08x".formatted(from))) {
                page = names.limit(PAGE)
                        .map(object -> number(object.name(), prefix.length()))
                        .toList();
            }
            long within = page.stream().filter(number -> number < to).count();
            return within < PAGE ? within : (double) PAGE * (to - from) / Math.max(1, page.getLast() - from);
        }

        private static long number(String name, int start) {
            try {
                return HexFormat.fromHexDigits(name, start, Math.min(name.length(), start + 8)) & 0xffffffffL;
            } catch (IllegalArgumentException _) {
                return Long.MAX_VALUE; // no note
            }
        }

        long first() {
            return from
                    + distance
                            * IntStream.range(0, PROBES)
                                    .filter(i -> counts.get(i) > 0)
                                    .findFirst()
                                    .orElse(0);
        }

        long last() {
            return from
                    + distance
                            * (1
                                    + IntStream.range(0, PROBES)
                                            .filter(i -> counts.get(i) > 0)
                                            .max()
                                            .orElse(PROBES - 1));
        }

        /** Returns the points that cut the names into shards of about the same size. */
        LongStream quantiles() {
            double all = counts.stream().mapToDouble(count -> count).sum();
            LongStream.Builder points = LongStream.builder();
            double before = 0;
            int next = 1;
            for (int i = 0; i < PROBES; i++) {
                double count = counts.get(i);
                for (; next < SHARDS && before + count >= all * next / SHARDS; next++) {
                    double share = count == 0 ? 0 : (all * next / SHARDS - before) / count;
                    points.add(from + i * distance + (long) (share * distance));
                }
                before += count;
            }
            return points.build();
        }
    }
}
