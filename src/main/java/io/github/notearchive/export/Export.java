package io.github.notearchive.export;

import io.github.notearchive.store.ObjectKey;
import io.github.notearchive.store.ObjectStore;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.SequencedMap;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** State of one running export, shared by the writers of its format. */
final class Export {

    private final ExportOptions options;
    private final DataSet data;
    private final Snapshot snapshot;
    private final StagingDirectory directory;
    private final Supplier<ObjectStore> store;
    private final Pseudonyms pseudonyms;
    private final SequencedMap<String, Long> rows = new LinkedHashMap<>();
    private @Nullable MediaCopies media;

    Export(ExportOptions options, Snapshot snapshot, StagingDirectory directory, Supplier<ObjectStore> store)
            throws IOException {
        this.options = options;
        this.data = DataSet.of(options.authors(), options.media());
        this.snapshot = snapshot;
        this.directory = directory;
        this.store = store;
        this.pseudonyms = Pseudonyms.withKey(options.authorKey());
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

    StagingDirectory directory() {
        return directory;
    }

    /** Returns the pseudonym of a person's id, or the id if the export does not hash ids. */
    String pseudonym(String id) {
        return options.authors() == AuthorMode.HASH ? pseudonyms.of(id) : id;
    }

    /**
     * Returns the conversion of database values to exported values.
     *
     * @param path returns the path of an object's copy by its key; null if the export has no copy
     */
    Rows.Conversion conversion(Function<String, @Nullable String> path) {
        return (column, value) -> switch (column.content()) {
            case PLAIN, PERSON, AUTHOR_TRAIT, OBJECT_KEY -> value;
            case PERSON_ID -> pseudonym((String) value);
            case OBJECT_URL ->
                store.get()
                        .presign(new ObjectKey((String) value), options.presignFor())
                        .toString();
            case OBJECT_PATH -> path.apply((String) value);
        };
    }

    /** Returns the media copies. The first call verifies that the bucket exists. */
    MediaCopies media() {
        if (media == null) {
            ObjectStore bucket = store.get();
            bucket.requireBucket();
            media = new MediaCopies(bucket, directory);
        }
        return media;
    }

    /** Returns the media copies, or null if none was requested. */
    @Nullable
    MediaCopies mediaIfUsed() {
        return media;
    }

    void addRows(String table, long count) {
        rows.merge(table, count, Long::sum);
    }

    SequencedMap<String, Long> rows() {
        return rows;
    }
}
