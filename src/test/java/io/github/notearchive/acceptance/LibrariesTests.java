package io.github.notearchive.acceptance;

import static java.util.stream.Collectors.joining;
import static java.util.stream.Collectors.toMap;
import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.apache.commons.codec.digest.DigestUtils;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Libraries of the packaged jar: recorded checksums, versions and licences. */
class LibrariesTests {

    /** A library that offers a choice of licences needs one of these. */
    private static final Set<String> LICENCES =
            Set.of("0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "EPL-2.0", "MIT", "MIT-0");

    /** What the bill of materials says wrongly: of a name it makes a licence, past the address beside it. */
    private static final Map<String, Set<String>> MISREAD = Stream.of(
                    "jline-terminal",
                    "imageio-webp",
                    "imageio-core",
                    "imageio-metadata",
                    "common-lang",
                    "common-io",
                    "common-image")
            .collect(toMap(name -> name, _ -> Set.of("BSD-3-Clause")));

    private static final Path RECORDED = Path.of(".mvn", "checksums", "checksums.sha256");
    private static final String LIBRARIES = "BOOT-INF/lib/";
    private static final String BILL = "META-INF/sbom/application.cdx.json";

    /** The libraries' SHA-256 by file name. */
    private static final Map<String, String> libraries = new TreeMap<>();

    private static JsonNode bill;

    @BeforeAll
    static void openJar() throws Exception {
        try (var jar = new ZipFile(Program.JAR.toFile())) {
            for (ZipEntry entry : Collections.list(jar.entries())) {
                String name = entry.getName();
                if (name.startsWith(LIBRARIES) && name.endsWith(".jar")) {
                    libraries.put(name.substring(LIBRARIES.length()), DigestUtils.sha256Hex(read(jar, entry)));
                }
            }
            assertThat(jar.getEntry(BILL))
                    .as("%s: a build without a network writes none, build with one", BILL)
                    .isNotNull();
            bill = new JsonMapper().readTree(read(jar, jar.getEntry(BILL)));
        }
    }

    @Test
    void everyLibraryIsTheOneWhoseChecksumIsRecorded() throws IOException {
        Map<String, String> recorded = new HashMap<>();
        for (String line : Files.readAllLines(RECORDED)) {
            recorded.put(line.substring(line.lastIndexOf('/') + 1), line.substring(0, 64));
        }

        assertThat(recorded).containsAllEntriesOf(libraries);
    }

    @Test
    void billOfMaterialsNamesEveryLibraryWithVersionChecksumAndPackageAddress() {
        Map<String, String> billed = new TreeMap<>();
        components().forEach(component -> {
            String name = component.path("name").asString();
            String version = component.path("version").asString();
            assertThat(component.path("purl").asString())
                    .startsWith("pkg:maven/" + component.path("group").asString())
                    .contains("/" + name + "@" + version + "?");
            billed.put(name + "-" + version + ".jar", billedSha256(component));
        });

        assertThat(billed)
                .as("%s: a build without a network leaves an old one, build with one", BILL)
                .containsExactlyInAnyOrderEntriesOf(libraries);
    }

    @Test
    void everyLibraryMayBeDistributedUnderALicenceThatSuitsOurs() {
        assertThat(components())
                .allSatisfy(component -> assertThat(licences(component))
                        .as(component.path("purl").asString())
                        .containsAnyElementsOf(LICENCES));
    }

    /** Without the starters, which are lists of libraries and empty, and what is only compiled with. */
    private static Stream<JsonNode> components() {
        return bill.path("components")
                .valueStream()
                .filter(component -> component.path("scope").asString().equals("required"))
                .filter(component -> !component.path("name").asString().startsWith("spring-boot-starter"));
    }

    private static String billedSha256(JsonNode component) {
        return component
                .path("hashes")
                .valueStream()
                .filter(hash -> hash.path("alg").asString().equals("SHA-256"))
                .map(hash -> hash.path("content").asString())
                .collect(joining());
    }

    private static Set<String> licences(JsonNode component) {
        Set<String> right = MISREAD.get(component.path("name").asString(""));
        if (right != null) {
            return right;
        }
        return component
                .path("licenses")
                .valueStream()
                .map(choice -> choice.path("license").path("id").asString(""))
                .collect(toSet());
    }

    private static byte[] read(ZipFile jar, ZipEntry entry) throws IOException {
        try (var in = jar.getInputStream(entry)) {
            return in.readAllBytes();
        }
    }
}
