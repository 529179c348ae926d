package io.github.notearchive.browse;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.logging.Level;
import org.apache.commons.io.FileUtils;
import org.awaitility.Awaitility;
import org.openqa.selenium.By;
import org.openqa.selenium.Cookie;
import org.openqa.selenium.Keys;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.interactions.Actions;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LoggingPreferences;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Debian's Chromium without a window, logged in to a server, and what it reports about pages. */
final class Browser implements AutoCloseable {

    private static final String AXE = axe();

    private final URI server;
    private final Path profile;
    private final ChromeDriver driver;

    /**
     * Starts a browser.
     *
     * @param cookie name and value of the session
     */
    Browser(URI server, String cookie) throws IOException {
        this.server = server;
        profile = Files.createTempDirectory("note-archive-chromium");
        ChromeOptions options = new ChromeOptions();
        options.setBinary("/usr/bin/chromium");
        options.addArguments(
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--no-first-run",
                "--disable-quic",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--user-data-dir=" + profile);
        LoggingPreferences logs = new LoggingPreferences();
        logs.enable("browser", Level.ALL);
        logs.enable("performance", Level.ALL);
        options.setCapability("goog:loggingPrefs", logs);
        driver = new ChromeDriver(
                new ChromeDriverService.Builder()
                        .usingDriverExecutable(new File("/usr/bin/chromedriver"))
                        .usingAnyFreePort()
                        .build(),
                options);
        String[] pair = cookie.split("=", 2);
        driver.get(server.resolve("/assets/none").toString());
        driver.manage().addCookie(new Cookie(pair[0], pair[1]));
        drain("browser");
        drain("performance");
    }

    /** Shows pages from now on in a size, in light or dark, with or without script. */
    void show(int width, boolean isDark, boolean hasScript) {
        command(
                "Emulation.setDeviceMetricsOverride",
                Map.of("width", width, "height", 800, "deviceScaleFactor", 1, "mobile", false));
        Map<String, String> scheme = Map.of("name", "prefers-color-scheme", "value", isDark ? "dark" : "light");
        Map<String, String> motion = Map.of("name", "prefers-reduced-motion", "value", "reduce");
        command("Emulation.setEmulatedMedia", Map.of("features", List.of(scheme, motion)));
        command("Emulation.setScriptExecutionDisabled", Map.of("value", !hasScript));
    }

    void command(String name, Map<String, Object> parameters) {
        driver.executeCdpCommand(name, parameters);
    }

    void open(String path) {
        driver.get(server + path);
    }

    Object evaluate(String expression, Object... arguments) {
        return driver.executeScript("return " + expression, arguments);
    }

    boolean is(String expression) {
        return Boolean.TRUE.equals(evaluate(expression));
    }

    /** Waits until an expression is true. */
    void await(String expression) {
        Awaitility.await(expression)
                .pollInterval(Duration.ofMillis(10))
                .ignoreExceptions()
                .until(() -> is(expression));
    }

    void press(CharSequence... keys) {
        new Actions(driver).sendKeys(keys).perform();
    }

    void type(String selector, String text) {
        driver.findElement(By.cssSelector(selector)).sendKeys(text);
    }

    void click(String selector) {
        driver.findElement(By.cssSelector(selector)).click();
    }

    void escape() {
        press(Keys.ESCAPE);
    }

    String path() {
        return URI.create(driver.getCurrentUrl()).getPath();
    }

    /** Returns the violations of accessibility rules that axe finds on the page. */
    List<String> violations() {
        driver.executeScript(AXE);
        Object found = driver.executeAsyncScript("""
                const done = arguments[arguments.length - 1];
                axe.run(document, {resultTypes: ['violations']}).then(
                    result => done(result.violations.map(v => v.id + ': ' + v.nodes.slice(0, 3).map(n => n.html.slice(0, 200)).join(' | '))),
                    error => done([String(error)]));
                """);
        return ((List<?>) found).stream().map(String::valueOf).toList();
    }

    /**
     * Returns what the console reported since the last call: errors and warnings, among them violations of policies.
     */
    List<String> complaints() {
        return drain("browser").stream()
                .filter(entry -> entry.getLevel().intValue() >= Level.WARNING.intValue())
                .map(LogEntry::getMessage)
                .toList();
    }

    /** Requests since the last call: addresses, and bytes received. */
    record Traffic(List<URI> requests, long bytes) {}

    Traffic traffic() {
        List<URI> requests = new ArrayList<>();
        long bytes = 0;
        for (LogEntry entry : drain("performance")) {
            JsonNode message = JsonMapper.shared().readTree(entry.getMessage()).path("message");
            switch (message.path("method").asString()) {
                case "Network.requestWillBeSent" ->
                    requests.add(URI.create(
                            message.at("/params/request/url").asString().replaceFirst("[?#].*|,.*", "")));
                case "Network.loadingFinished" ->
                    bytes += message.at("/params/encodedDataLength").asLong();
                default -> {
                    // of no interest
                }
            }
        }
        return new Traffic(requests, bytes);
    }

    private List<LogEntry> drain(String log) {
        return driver.manage().logs().get(log).getAll();
    }

    private static String axe() {
        try (InputStream in = Browser.class.getResourceAsStream("/axe.min.js")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        driver.quit();
        FileUtils.deleteQuietly(profile.toFile());
    }
}
