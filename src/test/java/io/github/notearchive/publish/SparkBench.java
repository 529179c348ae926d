package io.github.notearchive.publish;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.notearchive.SmallArchive;
import io.github.notearchive.embedded.EmbeddedStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Spark in local mode reads the published tables by catalog and store, as {@code src/docs/lakehouse.md} says, and
 * counts what the archive has. Fetches 400 MB: {@code ./mvnw verify -P bench -Dit.test=SparkBench}, and
 * {@code -Dspark.java.home} for the JDK 17 or 21 that Spark is made for.
 */
class SparkBench extends PublishScenario {

    private static final Path PROJECT = Path.of("src/test/lakehouse").toAbsolutePath();

    /** Packages that Spark opens by reflection, as its own launcher does. */
    private static final String OPENED =
            "java.lang java.lang.invoke java.lang.reflect java.io java.net java.nio java.util java.util.concurrent"
                    + " java.util.concurrent.atomic jdk.internal.ref sun.nio.ch sun.nio.cs sun.security.action sun.util.calendar";

    @Test
    void sparkCountsTheRowsOfTheArchive() throws Exception {
        publish();
        EmbeddedStore server = SmallArchive.server();
        Map<String, String> counts = Map.of(
                "notes", "SELECT count(*) FROM note",
                "captures", "SELECT count(*) FROM note_capture",
                "media", "SELECT count(*) FROM note_media");

        List<String> command = new ArrayList<>(List.of(java()));
        Stream.of(OPENED.split(" ")).forEach(name -> command.add("--add-opens=java.base/" + name + "=ALL-UNNAMED"));
        command.addAll(
                List.of("-cp", classPath(), PROJECT.resolve("SparkCounts.java").toString()));
        command.addAll(List.of("type=jdbc", "uri=" + database.jdbcUrl(), "warehouse=s3://" + store.bucket() + "/lake"));
        command.addAll(List.of("jdbc.user=" + database.user(), "jdbc.password=" + database.password()));
        command.addAll(List.of("jdbc.schema-version=V1", "jdbc.init-catalog-tables=false"));
        command.addAll(List.of("io-impl=org.apache.iceberg.aws.s3.S3FileIO", "client.region=us-east-1"));
        command.addAll(List.of("s3.endpoint=" + server.endpoint(), "s3.path-style-access=true"));
        command.addAll(List.of("s3.access-key-id=" + server.accessKey(), "s3.secret-access-key=" + server.secretKey()));
        counts.keySet()
                .forEach(table ->
                        command.add("SELECT '%1$s' AS name, count(*) AS rows FROM lake.archive.%1$s".formatted(table)));
        command.add(
                "SELECT date_trunc('year', published_at) AS year, count(*) AS notes, sum(size(media)) AS files FROM lake.archive.notes GROUP BY 1 ORDER BY 1");
        command.add(
                "SELECT c.note_id, n.title, c.captured_at, c.liked_count FROM lake.archive.captures c JOIN lake.archive.notes n USING (note_id) WHERE c.captured_at >= '2026-03-22' ORDER BY 1, 3 LIMIT 5");
        command.add(
                "SELECT partition, record_count, file_count FROM lake.archive.captures.partitions ORDER BY partition LIMIT 5");
        String output = run(command);

        Files.writeString(Files.createDirectories(Path.of("target/bench")).resolve("spark.txt"), output);
        String erased = " WHERE note_id NOT IN (SELECT note_id FROM forgotten_note)";
        counts.forEach((table, sql) -> assertThat(output)
                .containsPattern("\\|%s *\\| *%d *\\|".formatted(table, database.count(sql + erased))));
    }

    private static String java() {
        return Path.of(System.getProperty("spark.java.home", System.getProperty("java.home")), "bin", "java")
                .toString();
    }

    private String classPath() throws Exception {
        Path file = directory.resolve("class-path");
        run(List.of(
                "./mvnw",
                "-q",
                "-f",
                PROJECT.resolve("pom.xml").toString(),
                "org.apache.maven.plugins:maven-dependency-plugin:3.9.0:build-classpath",
                "-Dmdep.outputFile=" + file));
        return Files.readString(file);
    }

    /** Returns the standard output. */
    private String run(List<String> command) throws Exception {
        Path out = directory.resolve("out");
        Process process = new ProcessBuilder(command)
                .redirectOutput(out.toFile())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();

        assertThat(process.waitFor()).isZero();
        return Files.readString(out);
    }
}
