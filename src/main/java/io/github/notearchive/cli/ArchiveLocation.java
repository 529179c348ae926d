package io.github.notearchive.cli;

import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.embedded.EmbeddedDatabase;
import io.github.notearchive.store.StoreProperties;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.springframework.util.StringUtils;

/**
 * Which archive the settings lead to. Starts nothing and asks no server.
 *
 * @param database its address without login, or the data directory that it is embedded in
 * @param store the same of the files
 * @param bucket where the files lie in the store
 */
public record ArchiveLocation(String database, String store, String bucket) {

    /** What lies in a data directory that was ever an archive, or is one at this moment. */
    private static final List<String> OF_AN_ARCHIVE = List.of("postgres", "s3", "lock");

    static ArchiveLocation of(CommandContext context) {
        String embedded = "embedded in " + directory(context);
        StoreProperties store = context.get(StoreProperties.class);
        return new ArchiveLocation(
                hasOwnDatabase(context) ? embedded : withoutLogin(context.setting("spring.datasource.url")),
                store.hasEndpoint() ? store.endpoint() : embedded,
                store.bucket());
    }

    private static Path directory(CommandContext context) {
        return context.get(DataDirectoryProperties.class).path();
    }

    private static boolean hasOwnDatabase(CommandContext context) {
        return context.has(EmbeddedDatabase.class);
    }

    public static String withoutLogin(String url) {
        return url.replaceFirst("//[^/]*@", "//").replaceFirst("\\?.*", "");
    }

    /**
     * Whether an embedded database would have to be made, since there is none yet.
     *
     * @throws CommandFailure when that cannot be seen
     */
    public static boolean isNew(CommandContext context) {
        return hasOwnDatabase(context) && !isArchive(directory(context));
    }

    /**
     * Whether a directory is that of an archive.
     *
     * @throws CommandFailure when this user may not look into it: what cannot be seen is not gone
     */
    static boolean isArchive(Path directory) {
        return OF_AN_ARCHIVE.stream().anyMatch(name -> isThere(directory, name));
    }

    private static boolean isThere(Path directory, String name) {
        try {
            Files.readAttributes(directory.resolve(name), BasicFileAttributes.class);
            return true;
        } catch (NoSuchFileException e) {
            return false;
        } catch (IOException e) {
            throw new CommandFailure(
                    ExitCode.USAGE,
                    "user "
                            + System.getProperty("user.name")
                            + " cannot look into "
                            + directory
                            + ", "
                            + e
                            + "; nothing was made. Run this as the user that the archive belongs to, or set ARCHIVE_DATA_DIR to its data directory");
        }
    }

    /**
     * What to say before a new archive is begun; empty where there is one. Who runs in a wrong directory would wonder
     * why nothing is due.
     */
    static Optional<String> newArchive(CommandContext context) {
        return isNew(context)
                ? Optional.of(
                        "There is no archive in "
                                + directory(context)
                                + " yet, a new one is begun there; if that is not meant, set ARCHIVE_DATA_DIR to the data directory, or name the database in ARCHIVE_DATABASE_URL")
                : Optional.empty();
    }

    /**
     * Refuses to make a new archive for somebody who wants to look at one that exists or work on it: an empty one looks
     * as if everything was gone.
     */
    static void requireExisting(CommandContext context) {
        if (isNew(context)) {
            Path directory = directory(context);
            throw new CommandFailure(
                    ExitCode.USAGE,
                    (Files.exists(directory)
                                    ? directory + " holds no archive"
                                    : "there is no archive in " + directory + ", which does not exist")
                            + "; nothing was made. Run this where the archive is, set ARCHIVE_DATA_DIR to its data directory, or name its database in ARCHIVE_DATABASE_URL; enqueue, check and run begin a new one");
        }
    }

    /** Credentials that nothing asks for, which mostly means that the server was forgotten. */
    public static List<String> unusedCredentials(CommandContext context) {
        List<String> unused = new ArrayList<>();
        if (hasOwnDatabase(context)
                && Stream.of("spring.datasource.username", "spring.datasource.password")
                        .anyMatch(name -> StringUtils.hasText(context.setting(name)))) {
            unused.add(
                    "ARCHIVE_DATABASE_USER or ARCHIVE_DATABASE_PASSWORD is set, but not ARCHIVE_DATABASE_URL: they are not used, and the database is the one embedded in "
                            + directory(context)
                            + "; name the server in ARCHIVE_DATABASE_URL, or unset them");
        }
        StoreProperties store = context.get(StoreProperties.class);
        if (!store.hasEndpoint()
                && (!store.accessKey().isBlank() || store.secretKey().isPresent())) {
            unused.add(
                    "ARCHIVE_S3_ACCESS_KEY or ARCHIVE_S3_SECRET_KEY is set, but not ARCHIVE_S3_ENDPOINT: they are not used, and the store is the one embedded in "
                            + directory(context)
                            + "; name the server in ARCHIVE_S3_ENDPOINT, or unset them");
        }
        return unused;
    }

    @Override
    public String toString() {
        return "database " + database + ", store " + store + " (bucket " + bucket + ")";
    }
}
