package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"net/url"

	"tickler/internal/access"
	"tickler/internal/config"
	"tickler/internal/fault"
	"tickler/internal/person"
	"tickler/internal/repository"
)

// userCommand runs api user.
func userCommand(args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	if len(args) > 0 {
		switch args[0] {
		case "link":
			return linkUser(args[1:], stdout, stderr)
		case "list":
			return listUsers(args[1:], stdout)
		case "rename":
			return renameUser(args[1:], stdout)
		case "delete":
			return deleteUser(args[1:], stdin, stdout, stderr)
		}
	}
	return fmt.Errorf("user: want link, list, rename or delete: %w", errUsage)
}

// linkUser prints a link that signs a person in to stdout, and nothing else.
func linkUser(args []string, stdout, stderr io.Writer) error {
	flags, user := userFlags("user link")
	create := flags.Bool("create", false, "make the person if there is none of that name")
	zone := flags.String("time-zone", "", "IANA time zone of a new person, for example Europe/Berlin (default: UTC)")
	issuer := issuerFlag(flags)
	if done, err := onlyFlags(flags, args); done || err != nil {
		return err
	}
	name, err := checkUser(flags, *user)
	if err != nil {
		return err
	}
	if *zone != "" {
		if _, err := person.LoadZone("--time-zone", *zone); err != nil {
			return err
		}
	}
	page, err := pageURL()
	if err != nil {
		return err
	}
	secret := person.NewSecret()
	err = withStore(func(ctx context.Context, store *repository.Repository) error {
		id, err := store.FindUser(ctx, *issuer, name)
		if errors.Is(err, fault.ErrNotFound) && *create && *issuer == repository.LocalIssuer {
			id, err = store.EnsureUser(ctx, repository.LocalIssuer, name, *zone)
		}
		if errors.Is(err, fault.ErrNotFound) {
			return fmt.Errorf("there is no person %q; --create makes them", name)
		}
		if err != nil {
			return err
		}
		return store.AddSignInLink(ctx, id, person.HashSecret(secret))
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(stderr, "Signs %s in, once, within %.0f minutes; whoever opens it first is in:\n", name, access.LinkLasts.Minutes())
	_, err = fmt.Fprintln(stdout, page+"/sign-in/link/"+secret)
	return err
}

// pageURL is where people find the page. Browsers take passkeys at localhost, and
// not at an address of loopback.
func pageURL() (string, error) {
	public, err := config.PublicURL()
	if err != nil {
		return "", err
	}
	u, err := url.Parse(public)
	if err != nil {
		return "", err
	}
	if address, err := netip.ParseAddr(u.Hostname()); err == nil && address.IsLoopback() {
		port := u.Port()
		if u.Host = "localhost"; port != "" {
			u.Host += ":" + port
		}
	}
	return u.String(), nil
}
