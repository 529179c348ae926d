package io.github.notearchive.export;

import io.github.notearchive.store.ObjectStore;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.SequencedMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** One export while it is made: what it is made of, and what has come of it so far. */
final class Export {

    private final ExportOptions options;
    private final DataSet data;
    private final Snapshot snapshot;
    private final Draft draft;
    private final Supplier<ObjectStore> store;
    private final Pseudonyms pseudonyms;
    private final SequencedMap<String, Long> rows = new LinkedHashMap<>();
    private @Nullable MediaCopies media;

    Export(ExportOptions options, DataSet data, Snapshot snapshot, Draft draft, Supplier<ObjectStore> store)
            throws IOException {
        this.options = options;
        this.data = data;
        this.snapshot = snapshot;
        this.draft = draft;
        this.store = store;
        this.pseudonyms = Pseudonyms.under(options.authorKey());
    }

    ExportOptions options() {
        return options;
    }

    DataSet data() {
        return data;
    }

    Snapshot snapshot() {
        return snapshot;
    }

    Draft draft() {
        return draft;
    }

    ObjectStore store() {
        return store.get();
    }

    String pseudonym(String id) {
        return options.authors() == AuthorMode.HASH ? pseudonyms.of(id) : id;
    }

    /** The files on their way here. Asks first that there is a bucket to take them from. */
    MediaCopies media() {
        if (media == null) {
            ObjectStore bucket = store.get();
            bucket.requireBucket();
            media = new MediaCopies(bucket, draft);
        }
        return media;
    }

    /** The same, when any were. */
    @Nullable
    MediaCopies mediaSoFar() {
        return media;
    }

    void counted(String table, long count) {
        rows.merge(table, count, Long::sum);
    }

    SequencedMap<String, Long> rows() {
        return rows;
    }
}
