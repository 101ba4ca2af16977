package app

import (
	"context"
	"sync"

	"example.org/amparo/fault"
	"example.org/amparo/id"
	"example.org/amparo/internal/casebook"
	"example.org/amparo/internal/index"
	"example.org/amparo/internal/journal"
	"example.org/amparo/internal/kind"
)

// The compartments every workspace has. A workspace may open more, one for each
// case team for instance.
var builtinCompartments = []string{"general", "identities", "sexual_violence", "perpetrators", "protection", "cases"}

// generalRoom is where the workspace's own acts are sealed.
const generalRoom = "general"

// compartment is what a set of members can open.
type compartment struct {
	id     id.ID
	name   string
	secret []byte // names payload keys: the same on every device, unknown to others
	base   id.ID  // payload key of entries that belong to nobody in particular
}

// keyFor names the payload key of a subject in this compartment. All members of the
// compartment compute the same name, so a person has one key in it, whoever writes.
func (c *compartment) keyFor(subject id.ID) id.ID {
	if subject.IsZero() {
		return c.base
	}
	return id.Derive(c.secret, "payload", subject.String())
}

// card is the content of a Compartment act.
type compartmentCard struct {
	_      struct{} `cbor:",toarray"`
	ID     id.ID
	Name   string
	Secret []byte
}

// compartments are those this member can open.
type compartments struct {
	mu     sync.RWMutex
	byName map[string]*compartment
	byID   map[id.ID]*compartment
}

func (cs *compartments) add(c *compartment) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if _, ok := cs.byID[c.id]; ok {
		return
	}
	cs.byID[c.id] = c
	if _, ok := cs.byName[c.name]; !ok {
		cs.byName[c.name] = c
	}
}

func (cs *compartments) named(name string) (*compartment, bool) {
	cs.mu.RLock()
	defer cs.mu.RUnlock()
	c, ok := cs.byName[name]
	return c, ok
}

func (cs *compartments) all() []*compartment {
	cs.mu.RLock()
	defer cs.mu.RUnlock()
	out := make([]*compartment, 0, len(cs.byID))
	for _, c := range cs.byID {
		out = append(out, c)
	}
	return out
}

// establish makes a new workspace's compartments and enrols its first member.
func (w *Workspace) establish(ctx context.Context, name string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	var drafts []draft
	for _, n := range builtinCompartments {
		d, err := w.newCompartment(n)
		if err != nil {
			return err
		}
		drafts = append(drafts, d)
	}
	general, _ := w.rooms.named(generalRoom)
	drafts = append(drafts, draft{act: &casebook.Act{Verb: casebook.Enrol, Data: journal.Encode(w.ownCard(name))}, room: general})
	if _, err := w.commit(ctx, drafts); err != nil {
		return err
	}
	return w.checkpoint(ctx)
}

func (w *Workspace) newCompartment(name string) (draft, error) {
	cid, err := w.keys.CreateCompartment(name)
	if err != nil {
		return draft{}, err
	}
	secret := make([]byte, 32)
	if _, err := w.opt.Rand.Read(secret); err != nil {
		return draft{}, fault.Because(fault.Internal, "app", "no randomness", err)
	}
	c := &compartment{id: cid, name: name, secret: secret, base: id.New(w.opt.Rand)}
	w.rooms.add(c)
	return draft{act: &casebook.Act{
		Verb: casebook.Compartment, Data: journal.Encode(compartmentCard{ID: cid, Name: name, Secret: secret}),
	}, room: c}, nil
}

// learn takes in the acts on the workspace itself: compartments, members, declared
// kinds. It is called with every batch, before the index sees it.
func (w *Workspace) learn(acts []index.Opened) error {
	for _, o := range acts {
		var err error
		switch o.Act.Verb {
		case casebook.Compartment:
			err = w.learnCompartment(o)
		case casebook.Enrol:
			err = w.learnMember(o)
		case casebook.Declare:
			err = w.learnDeclaration(o)
		}
		if err != nil {
			return err
		}
		w.clock.Observe(o.Act.At)
	}
	return nil
}

func (w *Workspace) learnCompartment(o index.Opened) error {
	var card compartmentCard
	if err := journal.Unpack(o.Act.Data, &card); err != nil {
		return err
	}
	if len(card.Secret) < 16 {
		return fault.New(fault.Corrupt, "app.learn", "a compartment without a naming secret")
	}
	w.rooms.add(&compartment{id: card.ID, name: card.Name, secret: card.Secret, base: o.Key})
	return nil
}

// recall learns, at opening, from the acts the index has already folded in.
func (w *Workspace) recall(ctx context.Context) error {
	refs, err := w.index.WorkspaceActs(ctx, casebook.Compartment, casebook.Enrol, casebook.Declare)
	if err != nil {
		return err
	}
	opened, err := w.OpenActs(ctx, refs)
	if err != nil {
		return err
	}
	return w.learn(opened)
}

// roomOf returns the compartment by name, for a member who may write there.
func (w *Workspace) roomOf(name string) (*compartment, error) {
	if c, ok := w.rooms.named(name); ok {
		return c, nil
	}
	return nil, fault.New(fault.Denied, "app", "you do not hold the keys to record this").
		With("ask a colleague who does; nothing was stored")
}

// splitByRoom splits a statement's fields by the compartment each is sealed for. A rule
// looks at the record as it stands, too: a correction of one field of an account of
// sexual violence is sealed where the account is.
func (w *Workspace) splitByRoom(ctx context.Context, set *kind.Set, k *kind.Kind, s casebook.Statement) (map[string]kind.Values, error) {
	vs := s.Fields
	for _, r := range k.CompartmentWhen {
		if len(s.Fields[r.Field]) > 0 {
			continue
		}
		row, err := w.index.Row(ctx, s.Record)
		if fault.KindOf(err) == fault.NotFound {
			break
		}
		if err != nil {
			return nil, err
		}
		vs = kind.Values{r.Field: row.Values[r.Field]}
		for name, v := range s.Fields {
			vs[name] = v
		}
	}
	out := map[string]kind.Values{}
	for field, room := range set.CompartmentsOf(k, vs) {
		if _, stated := s.Fields[field]; !stated {
			continue
		}
		if out[room] == nil {
			out[room] = kind.Values{}
		}
		out[room][field] = s.Fields[field]
	}
	return out, nil
}
