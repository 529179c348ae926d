package io.github.notearchive.cli;

import io.github.notearchive.batch.ArchiveProperties;
import io.github.notearchive.cli.config.CommandFailure;
import io.github.notearchive.store.StoreProperties;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.core.env.Environment;
import org.springframework.stereotype.Component;

/** Location of the archive that the settings select. Starts no server and sends no request. */
@Component
public class ArchiveLocation {

    /** Entries of a data directory that holds or held an archive, or whose archive is in use. */
    private static final List<String> ENTRIES = List.of("postgres", "s3", "lock");

    private final String url;
    private final Path directory;
    private final ObjectProvider<StoreProperties> store;

    ArchiveLocation(Environment environment, ArchiveProperties settings, ObjectProvider<StoreProperties> store) {
        this.url = environment.getProperty("spring.datasource.url", "");
        this.directory = settings.dataDirectory();
        this.store = store;
    }

    /**
     * Addresses of the servers.
     *
     * @param database URL without credentials, or the data directory of the embedded database
     * @param store the same for the store
     */
    public record Address(String database, String store, String bucket) {}

    public Address address() {
        StoreProperties settings = store.getObject();
        return new Address(database(), settings.hasEndpoint() ? settings.endpoint() : embedded(), settings.bucket());
    }

    private String embedded() {
        return "embedded in " + directory;
    }

    /** Returns the URL of the database without credentials, or the data directory of the embedded one. */
    public String database() {
        return isEmbedded() ? embedded() : url.replaceFirst("//[^/]*@", "//").replaceFirst("\\?.*", "");
    }

    public boolean isEmbedded() {
        return url.isBlank();
    }

    public Path directory() {
        return directory;
    }

    /** Returns whether an embedded database would have to be created. A directory that cannot be read may hold one. */
    private boolean isNew() {
        return isEmbedded() && ENTRIES.stream().map(directory::resolve).allMatch(file -> Files.notExists(file));
    }

    /** Returns the notice that a new archive will be created; empty if one exists. */
    Optional<String> newArchive() {
        return isNew()
                ? Optional.of(
                        ("There is no archive in %s yet, a new one is created there; otherwise set ARCHIVE_DATA_DIR to "
                                        + "the data directory, or name the database in ARCHIVE_DATABASE_URL")
                                .formatted(directory))
                : Optional.empty();
    }

    /**
     * Requires an existing archive, since a new one looks as if all data was lost.
     *
     * @throws CommandFailure if there is none
     */
    void requireExisting() {
        if (isNew()) {
            throw CommandFailure.usage(
                    ("There is no archive in %s; nothing was created. Run this where the archive is, set "
                                    + "ARCHIVE_DATA_DIR to its data directory, or name its database in "
                                    + "ARCHIVE_DATABASE_URL; enqueue, check and run create a new one")
                            .formatted(directory));
        }
    }
}
