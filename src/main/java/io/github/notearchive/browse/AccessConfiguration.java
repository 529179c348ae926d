package io.github.notearchive.browse;

import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.HttpHeaders;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.config.annotation.web.configuration.EnableWebSecurity;
import org.springframework.security.config.annotation.web.configurers.AbstractHttpConfigurer;
import org.springframework.security.config.http.SessionCreationPolicy;
import org.springframework.security.core.authority.AuthorityUtils;
import org.springframework.security.core.userdetails.User;
import org.springframework.security.core.userdetails.UserDetails;
import org.springframework.security.core.userdetails.UserDetailsService;
import org.springframework.security.crypto.password.PasswordEncoder;
import org.springframework.security.provisioning.InMemoryUserDetailsManager;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.security.web.authentication.preauth.AbstractPreAuthenticatedProcessingFilter;
import org.springframework.security.web.authentication.preauth.PreAuthenticatedAuthenticationToken;
import org.springframework.security.web.authentication.www.BasicAuthenticationFilter;
import org.springframework.security.web.context.RequestAttributeSecurityContextRepository;
import org.springframework.security.web.firewall.FirewalledRequest;
import org.springframework.security.web.firewall.HttpFirewall;
import org.springframework.security.web.firewall.RequestRejectedException;
import org.springframework.security.web.firewall.RequestRejectedHandler;
import org.springframework.security.web.firewall.StrictHttpFirewall;
import org.springframework.security.web.header.writers.CrossOriginOpenerPolicyHeaderWriter.CrossOriginOpenerPolicy;
import org.springframework.security.web.header.writers.CrossOriginResourcePolicyHeaderWriter.CrossOriginResourcePolicy;
import org.springframework.security.web.header.writers.ReferrerPolicyHeaderWriter.ReferrerPolicy;
import org.springframework.security.web.util.matcher.IpAddressMatcher;
import org.springframework.web.util.WebUtils;

/**
 * Access to the pages: GET and HEAD of known hosts, by readers with a session, a password or a trusted proxy.
 *
 * <p>A session comes from the link of {@link Sessions}. Passwords are compared by bcrypt. The header of a proxy counts
 * only if the request comes from one of its addresses.
 */
@Configuration(proxyBeanMethods = false)
@EnableWebSecurity
class AccessConfiguration {

    /** Paths without authentication. */
    private static final String[] OPEN = {"/enter", "/error", "/assets/**"};

    private static final List<String> METHODS = List.of("GET", "HEAD");

    /** Content-Security-Policy of a page. Its only trusted type is the address of the worker of heif.js. */
    private static final String POLICY =
            "default-src 'none'; img-src 'self' blob:; media-src 'self'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types heif";

    private static final String PERMISSIONS =
            "accelerometer=(), camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()";

    /**
     * Refuses other methods, unknown hosts and unusual addresses before anything else reads the request, and requests
     * that a page of another site makes, except links to pages.
     */
    @Bean
    HttpFirewall firewall(BrowseProperties settings) {
        KnownHosts hosts = KnownHosts.of(settings);
        StrictHttpFirewall firewall = new StrictHttpFirewall() {

            @Override
            public FirewalledRequest getFirewalledRequest(HttpServletRequest request) {
                boolean isLink = "navigate".equals(request.getHeader("Sec-Fetch-Mode"))
                        && "document".equals(request.getHeader("Sec-Fetch-Dest"));
                if (request.getHeader(HttpHeaders.HOST) == null
                        || ("cross-site".equals(request.getHeader("Sec-Fetch-Site")) && !isLink)) {
                    throw new RequestRejectedException("a request without host, or of another site");
                }
                return super.getFirewalledRequest(request);
            }
        };
        firewall.setAllowedHttpMethods(METHODS);
        firewall.setAllowedHostnames(hosts::include);
        firewall.setAllowedParameterValues(value -> value.indexOf('\0') < 0); // PostgreSQL rejects it
        firewall.setAllowUrlEncodedPercent(true); // of topics
        firewall.setAllowUrlEncodedSlash(true);
        firewall.setAllowSemicolon(true);
        return firewall;
    }

    @Bean
    RequestRejectedHandler rejections() {
        return (request, response, _) -> {
            boolean isMethod = !METHODS.contains(request.getMethod());
            if (isMethod) {
                response.setHeader(HttpHeaders.ALLOW, String.join(", ", METHODS));
            }
            response.setStatus(
                    isMethod ? HttpServletResponse.SC_METHOD_NOT_ALLOWED : HttpServletResponse.SC_BAD_REQUEST);
            response.setHeader("Content-Security-Policy", POLICY);
            response.setHeader("X-Content-Type-Options", "nosniff");
            response.setContentType("text/plain;charset=UTF-8");
            response.getWriter().println(Texts.EN.get(isMethod ? "error.405" : "error.400"));
        };
    }

    @Bean
    SecurityFilterChain access(HttpSecurity http, BrowseProperties settings, Sessions sessions) throws Exception {
        http.csrf(AbstractHttpConfigurer::disable)
                .logout(AbstractHttpConfigurer::disable)
                .requestCache(AbstractHttpConfigurer::disable)
                .sessionManagement(session -> session.sessionCreationPolicy(SessionCreationPolicy.STATELESS))
                .authorizeHttpRequests(requests ->
                        requests.requestMatchers(OPEN).permitAll().anyRequest().authenticated())
                .addFilterBefore(new ReaderFilter(settings, sessions), BasicAuthenticationFilter.class)
                .headers(headers -> headers.contentSecurityPolicy(csp -> csp.policyDirectives(POLICY))
                        .referrerPolicy(referrer -> referrer.policy(ReferrerPolicy.NO_REFERRER))
                        .crossOriginOpenerPolicy(opener -> opener.policy(CrossOriginOpenerPolicy.SAME_ORIGIN))
                        .crossOriginResourcePolicy(resource -> resource.policy(CrossOriginResourcePolicy.SAME_ORIGIN))
                        .permissionsPolicyHeader(permissions -> permissions.policy(PERMISSIONS)));
        if (settings.usersFile().isBlank()) {
            http.exceptionHandling(failures -> failures.authenticationEntryPoint(
                    (_, response, _) -> response.sendError(HttpServletResponse.SC_UNAUTHORIZED)));
        } else {
            http.httpBasic(basic -> basic.realmName("note-archive"));
        }
        return http.build();
    }

    /** @throws IllegalArgumentException if the file cannot be read, or a line is not a name and a bcrypt hash */
    @Bean
    UserDetailsService users(BrowseProperties settings) {
        if (settings.usersFile().isBlank()) {
            return new InMemoryUserDetailsManager();
        }
        try {
            return new InMemoryUserDetailsManager(Files.readAllLines(Path.of(settings.usersFile())).stream()
                    .filter(line -> !line.isBlank() && !line.startsWith("#"))
                    .map(AccessConfiguration::user)
                    .toList());
        } catch (IOException e) {
            throw new UncheckedIOException("archive.browse.users-file cannot be read: " + e.getMessage(), e);
        }
    }

    private static UserDetails user(String line) {
        int colon = line.indexOf(':');
        if (colon < 1 || !line.substring(colon + 1).matches("\\$2[aby]\\$\\d\\d\\$.{53}")) {
            throw new IllegalArgumentException(
                    "archive.browse.users-file has a line that is not name:hash with a bcrypt hash; write it by htpasswd -B");
        }
        return User.withUsername(line.substring(0, colon))
                .password(line.substring(colon + 1))
                .build();
    }

    @Bean
    PasswordEncoder passwords(Clock clock) {
        return new Passwords(clock);
    }

    /** Accepts the session of a cookie, or the user that a trusted proxy names. */
    static final class ReaderFilter extends AbstractPreAuthenticatedProcessingFilter {

        private final List<IpAddressMatcher> proxies;
        private final String userHeader;
        private final Sessions sessions;

        ReaderFilter(BrowseProperties settings, Sessions sessions) {
            this.proxies = settings.trustedProxies().stream()
                    .map(IpAddressMatcher::new)
                    .toList();
            this.userHeader = settings.userHeader();
            this.sessions = sessions;
            setSecurityContextRepository(new RequestAttributeSecurityContextRepository());
            setAuthenticationManager(given -> {
                PreAuthenticatedAuthenticationToken reader = new PreAuthenticatedAuthenticationToken(
                        Objects.requireNonNull(given.getPrincipal()),
                        given.getCredentials(),
                        AuthorityUtils.NO_AUTHORITIES);
                reader.setDetails(given.getDetails());
                return reader;
            });
        }

        @Override
        protected @Nullable Object getPreAuthenticatedPrincipal(HttpServletRequest request) {
            Cookie cookie = WebUtils.getCookie(request, Sessions.COOKIE);
            if (cookie != null && sessions.isValid(cookie.getValue())) {
                return cookie.getValue();
            }
            String user = request.getHeader(userHeader);
            boolean isNamed = user != null && !user.isBlank();
            return isNamed && proxies.stream().anyMatch(proxy -> proxy.matches(request.getRemoteAddr())) ? user : null;
        }

        @Override
        protected Object getPreAuthenticatedCredentials(HttpServletRequest request) {
            return "";
        }
    }
}
