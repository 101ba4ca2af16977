package app

import (
	"context"
	"encoding/base64"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/index"
	"example.org/amparo/internal/partner"
)

const boxContext = "amparo partner box v1\x00"

// side opens the keys of an exchange in which questions can be asked and answered.
func (w *Workspace) side(ctx context.Context, rec id.ID) (*PartnerExchange, partner.Side, error) {
	x, err := w.Partner(ctx, rec)
	if err != nil {
		return nil, partner.Side{}, err
	}
	switch x.State {
	case PartnerReady:
	case PartnerOver:
		return nil, partner.Side{}, partnerOver()
	default:
		return nil, partner.Side{}, fault.New(fault.Conflict, "app.Partner", "the two sides do not know each other's keys yet").Coded("partner.strange").With("exchange cards and compare the check letters aloud first")
	}
	r, err := w.Desk().Fold(ctx, rec)
	if err != nil {
		return nil, partner.Side{}, err
	}
	plain, err := w.openBox(ctx, rec, currentOf(r).Get("key_box"))
	if err != nil {
		return nil, partner.Side{}, err
	}
	keys, err := partner.ParseKeys(plain)
	return x, partner.Side{Keys: keys, Own: x.own, Other: x.other}, err
}

// namedSide is side for a member who holds the key of names.
func (w *Workspace) namedSide(ctx context.Context, rec id.ID) (*PartnerExchange, partner.Side, error) {
	x, side, err := w.side(ctx, rec)
	if err == nil {
		err = w.needsNames()
	}
	return x, side, err
}

// boxKey names the payload key of something of an exchange that is destroyed before the
// record it is in.
func (w *Workspace) boxKey(rec id.ID) id.ID {
	general, ok := w.rooms.named(generalRoom)
	if !ok {
		return id.ID{}
	}
	return id.Derive(general.secret, "partner_box", rec.String())
}

// sealBox seals something under a payload key of its own. What it gives may stand in a
// record: when the key is destroyed nobody can open it, in a copy or an export neither.
func (w *Workspace) sealBox(ctx context.Context, rec id.ID, plain []byte) (string, error) {
	general, err := w.roomOf(generalRoom)
	if err != nil {
		return "", err
	}
	key, err := w.keys.Ensure(ctx, general.id, w.boxKey(rec))
	if err != nil {
		return "", err
	}
	if err := w.keys.Flush(ctx); err != nil {
		return "", err
	}
	sealed, _ := key.Seal(nil, append([]byte(boxContext), rec[:]...), plain, w.opt.Rand)
	return base64.RawStdEncoding.EncodeToString(sealed), nil
}

func (w *Workspace) openBox(ctx context.Context, rec id.ID, box string) ([]byte, error) {
	sealed, err := base64.RawStdEncoding.DecodeString(box)
	if err != nil || box == "" {
		return nil, fault.New(fault.Corrupt, "app.Partner", "what was kept of the exchange is not readable").Coded("partner.kept").With("end the exchange and begin another")
	}
	if err := w.keys.Load(ctx, []id.ID{w.boxKey(rec)}); err != nil {
		return nil, err
	}
	key, err := w.keys.PayloadKey(w.boxKey(rec))
	if err != nil {
		return nil, err
	}
	return key.Open(nil, append([]byte(boxContext), rec[:]...), sealed)
}

// destroyBoxes destroys the keys of what [Workspace.sealBox] sealed.
func (w *Workspace) destroyBoxes(ctx context.Context, of id.ID, boxes []id.ID, reason string) error {
	var keys []id.ID
	for _, rec := range boxes {
		have, gone, err := w.keys.Known(ctx, w.boxKey(rec))
		if err != nil {
			return err
		}
		if have && !gone {
			keys = append(keys, w.boxKey(rec))
		}
	}
	if len(keys) == 0 {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	_, err := w.destroy(ctx, of, keys, reason)
	return err
}

// stopAsking destroys what the answers to questions about people are read with, after they
// withdrew: what comes back for them then cannot be read.
func (w *Workspace) stopAsking(ctx context.Context, people []id.ID) error {
	reg := newRegister()
	for _, p := range people {
		asks, err := w.index.Linked(ctx, p, "partner_ask", "person")
		if err != nil || len(asks) == 0 {
			if err != nil {
				return err
			}
			continue
		}
		if err := w.readPerson(ctx, reg, p); err != nil {
			return err
		}
		var boxes []id.ID
		for _, a := range asks {
			x, err := w.exchangeOf(ctx, a)
			if err != nil {
				return err
			}
			if ok, _ := reg.mayMatchWith(p, x.Partner, w); !ok {
				boxes = append(boxes, a.ID)
			}
		}
		if err := w.destroyBoxes(ctx, p, boxes, "a person withdrew from matching"); err != nil {
			return err
		}
	}
	return nil
}

// exchangeOf is the exchange a question was asked in.
func (w *Workspace) exchangeOf(ctx context.Context, ask index.Row) (*PartnerExchange, error) {
	rec, err := id.Parse(ask.Values.Get("exchange"))
	if err != nil {
		return nil, fault.New(fault.NotFound, "app.Partner", "no such exchange with a partner")
	}
	return w.PartnerAsItIs(ctx, rec)
}
