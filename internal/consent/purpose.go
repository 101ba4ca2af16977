package consent

import (
	"slices"

	"example.org/amparo/internal/kind"
)

// Documentation is the purpose of the desk's own lists: the legal representation and
// protection of the person. Alone among the purposes it is asked for after the record
// has begun, so a person not yet asked is on the desk, marked to be asked; one who
// refused or withdrew is not.
const Documentation = "CO-01"

// Action is what is to be done about something that left before a withdrawal.
type Action string

// The actions.
const (
	Recall      Action = "recall"       // ask for it back or for deletion; the answer is logged
	Notify      Action = "notify"       // tell the recipient in writing
	Erratum     Action = "erratum"      // publish a correction
	NextRelease Action = "next_release" // leave out of the next release; what is published stays
	Impossible  Action = "impossible"   // it cannot be undone; this was said before consent
	Destroy     Action = "destroy"      // destroy the recording or picture and its copies
)

// purpose is what the rules know of a purpose beyond its label.
type purpose struct {
	needs   []string
	action  Action
	stops   kind.Text
	warning kind.Text // read before consent where the use cannot be undone
}

var purposes = map[string]purpose{
	"CO-01": {action: Notify, stops: kind.Text{"en": "work on the file stops and the file is locked; a legal duty to retain is explained", "ko": "사건 업무를 멈추고 파일을 잠그며 법적 보존 의무를 설명합니다", "zh": "停止案件工作并锁定案卷；说明法定保存义务"}},
	"CO-02": {action: NextRelease, stops: kind.Text{"en": "taken out of matching; the keyed hashes are destroyed", "ko": "대조에서 빼고 열쇠 해시를 파기합니다", "zh": "退出比对；销毁加钥哈希"}},
	"CO-03": {action: NextRelease, stops: kind.Text{"en": "left out of every figure from now on; published totals are not recalled", "ko": "이제부터 모든 통계에서 빠지며 이미 낸 합계는 회수하지 않습니다", "zh": "今后一切统计均不计入；已发布总数不收回"}},
	"CO-04": {action: Recall, stops: kind.Text{"en": "no further quotation; future editions leave it out", "ko": "더 인용하지 않으며 다음 판에서 뺍니다", "zh": "不再引用；新版删去"}},
	"CO-05": {action: Impossible, stops: kind.Text{"en": "no further named use", "ko": "실명으로 더 쓰지 않습니다", "zh": "不再实名使用"},
		warning: kind.Text{"en": "What has been said in public under a name cannot be taken back.", "ko": "실명으로 공개한 말은 되돌릴 수 없습니다.", "zh": "以实名公开的内容无法收回。"}},
	"CO-06": {action: Notify, stops: kind.Text{"en": "no further submission; the mechanism is told in writing", "ko": "더 제출하지 않고 해당 기구에 서면으로 알립니다", "zh": "不再提交；书面通知该机制"}},
	"CO-07": {needs: []string{"CO-06"}, action: Impossible, stops: kind.Text{"en": "the name goes to no Government from now on", "ko": "이제부터 어느 정부에도 이름을 알리지 않습니다", "zh": "今后不再将姓名告知任何政府"},
		warning: kind.Text{"en": "Once a Government has the name, nobody can take it back. Family who remain may be punished.", "ko": "정부가 이름을 알게 되면 아무도 되돌릴 수 없습니다. 남은 가족이 처벌받을 수 있습니다.", "zh": "姓名一旦告知政府便无法收回，留下的家人可能受罚。"}},
	"CO-08": {needs: []string{"CO-06"}, action: Impossible, stops: kind.Text{"en": "the name is in no further public report", "ko": "이후의 공개 보고서에 이름을 싣지 않습니다", "zh": "今后的公开报告不再列名"},
		warning: kind.Text{"en": "A name printed in a public report stays public.", "ko": "공개 보고서에 실린 이름은 계속 공개됩니다.", "zh": "公开报告中刊出的姓名将一直公开。"}},
	"CO-09": {action: Notify, stops: kind.Text{"en": "nothing more is shared; the body is told and decides what it keeps", "ko": "더 공유하지 않으며 해당 기관에 알리고 보관 여부는 그 기관이 정합니다", "zh": "不再共享；通知该机构，由其决定是否保留"}},
	"CO-10": {action: Recall, stops: kind.Text{"en": "nothing more is shared; the partner is asked to delete and the answer is logged", "ko": "더 공유하지 않으며 협력단체에 삭제를 요청하고 답을 기록합니다", "zh": "不再共享；请伙伴删除并记录答复"}},
	"CO-11": {action: NextRelease, stops: kind.Text{"en": "left out of the next research file", "ko": "다음 연구 자료에서 뺍니다", "zh": "下一版研究数据不再包含"}},
	"CO-12": {action: Notify, stops: kind.Text{"en": "no contact by media or third parties", "ko": "언론·제3자의 연락을 막습니다", "zh": "媒体与第三方不再联系"}},
	"CO-13": {action: Destroy, stops: kind.Text{"en": "the recording is destroyed; the transcript is kept if that is allowed", "ko": "녹음을 파기하며 허락하면 녹취록은 남깁니다", "zh": "销毁录音；如获允许保留笔录"}},
	"CO-14": {action: Destroy, stops: kind.Text{"en": "the photographs are destroyed", "ko": "사진을 파기합니다", "zh": "销毁照片"}},
}

func needs(code string) []string { return purposes[code].needs }

// LookedAt returns the purposes whose answers [Decide] reads for a use of one: that one, and
// those that must be allowed first.
func LookedAt(code string) []string { return append([]string{code}, needs(code)...) }

// Known reports whether code is one of the purposes.
func Known(code string) bool { _, ok := purposes[code]; return ok }

// Purposes returns the codes of the purposes, in order.
func Purposes() []string {
	out := make([]string, 0, len(purposes))
	for code := range purposes {
		out = append(out, code)
	}
	slices.Sort(out)
	return out
}

// Stops says in words what ends when a purpose is withdrawn.
func Stops(code, lang string) string { return purposes[code].stops.In(lang) }

// Warning is what must be read to a person before consent to a use that cannot be
// undone, or "".
func Warning(code, lang string) string { return purposes[code].warning.In(lang) }

var reasonTexts = map[Reason]kind.Text{
	ByConsent:        {"en": "consent given", "ko": "동의함", "zh": "已同意"},
	ByEmergency:      {"en": "presumed in an emergency to save life", "ko": "생명을 구하기 위한 긴급 추정", "zh": "为救命而推定同意"},
	IsNotAsked:       {"en": "not asked, which counts as refused", "ko": "묻지 않음(거부로 봄)", "zh": "未询问，视为拒绝"},
	IsRefused:        {"en": "refused", "ko": "거부함", "zh": "已拒绝"},
	IsWithdrawn:      {"en": "withdrawn", "ko": "철회함", "zh": "已撤回"},
	IsExpired:        {"en": "to be renewed: ask again", "ko": "갱신 필요: 다시 물어야 함", "zh": "需更新：须重新询问"},
	IsOfAge:          {"en": "given through a guardian by one who is an adult now: ask again", "ko": "보호자를 통한 동의였고 이제 성인임: 다시 물어야 함", "zh": "当时由监护人同意，现已成年：须重新询问"},
	CannotConsent:    {"en": "cannot consent now", "ko": "지금은 동의할 수 없음", "zh": "目前无法同意"},
	LacksParticulars: {"en": "the words read, language, method or date are not recorded", "ko": "읽어 준 문구·언어·방법·날짜가 기록되지 않음", "zh": "未记录所读文本、语言、方式或日期"},
	NotYet:           {"en": "holds only from a later date", "ko": "더 뒤의 날짜부터 효력", "zh": "须待较晚日期方生效"},
	OtherRecipient:   {"en": "holds for named recipients only, and this is not one of them", "ko": "지정된 수신자에게만 해당하며 이 수신자는 아님", "zh": "仅限指定接收方，此方不在其列"},
	ConditionOpen:    {"en": "a condition has not been found to be met", "ko": "조건이 충족되었다고 확인되지 않음", "zh": "条件尚未确认满足"},
	NeedsGuardian:    {"en": "a child, or one who may have been: a guardian and a best-interests record come first", "ko": "아동이거나 아동일 수 있음: 보호자와 최선의 이익 기록이 먼저 필요", "zh": "儿童或可能为儿童：须先有监护人及最大利益记录"},
	NeedsOther:       {"en": "another purpose must be allowed first", "ko": "다른 목적의 동의가 먼저 필요함", "zh": "须先同意另一用途"},
	EmergencyOver:    {"en": "the 72 hours of an emergency have passed", "ko": "긴급 72시간이 지남", "zh": "紧急情况的 72 小时已过"},
	EmergencySigns:   {"en": "an emergency needs the sign-off of two members", "ko": "긴급 추정에는 구성원 두 명의 승인이 필요함", "zh": "紧急推定须两名成员签署"},
	EmergencyScope:   {"en": "an emergency covers a confidential UN submission only", "ko": "긴급 추정은 유엔 비공개 제출에만 해당", "zh": "紧急推定仅限向联合国保密提交"},
}

// Text is the reason in words.
func (r Reason) Text(lang string) string { return reasonTexts[r].In(lang) }
